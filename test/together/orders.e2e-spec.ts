// From the order to its return.
import '../ordering.e2e-spec.js';
import '../drafts.e2e-spec.js';
import '../changes.e2e-spec.js';
import '../fulfilment.e2e-spec.js';
import '../returns.e2e-spec.js';
import '../journeys.e2e-spec.js';
