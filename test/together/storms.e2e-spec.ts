// All at once, in the middle of it, in any order, and for good.
import '../races.e2e-spec.js';
import '../crash.e2e-spec.js';
import '../billing-model.e2e-spec.js';
import '../privacy.e2e-spec.js';
