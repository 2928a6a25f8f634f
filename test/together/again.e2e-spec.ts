// What is charged again and again.
import '../subscriptions.e2e-spec.js';
import '../usage.e2e-spec.js';
import '../deferral.e2e-spec.js';
import '../dunning.e2e-spec.js';
