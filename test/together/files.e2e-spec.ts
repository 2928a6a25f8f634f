// What comes and goes by the file.
import '../import.e2e-spec.js';
import '../export.e2e-spec.js';
import '../media.e2e-spec.js';
