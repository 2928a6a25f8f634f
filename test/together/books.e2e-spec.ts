// Books, and what is charged again and again.
import '../ledger.e2e-spec.js';
import '../dunning.e2e-spec.js';
import '../subscriptions.e2e-spec.js';
import '../fraud.e2e-spec.js';
import '../test-clock.e2e-spec.js';
import '../subscriptions.e2e-spec.js';
