// What is asked of every operation that there is.
import '../replay.e2e-spec.js';
import '../matrix.e2e-spec.js';
import '../budgets.e2e-spec.js';
import '../doors.e2e-spec.js';
