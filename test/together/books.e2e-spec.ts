// The books, and the clock that they are read by.
import '../ledger.e2e-spec.js';
import '../fraud.e2e-spec.js';
import '../test-clock.e2e-spec.js';
