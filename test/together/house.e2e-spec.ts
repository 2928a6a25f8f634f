// What all rooms stand on.
import '../platform.e2e-spec.js';
import '../contract.e2e-spec.js';
import '../mail.e2e-spec.js';
import '../schema.e2e-spec.js';
import '../integrity.e2e-spec.js';
import '../reports.e2e-spec.js';
