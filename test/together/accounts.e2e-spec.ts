// Signing in and out, and what proves who somebody is.
import '../identity.e2e-spec.js';
import '../sessions.e2e-spec.js';
import '../passwords.e2e-spec.js';
import '../factors.e2e-spec.js';
import '../identity-races.e2e-spec.js';
