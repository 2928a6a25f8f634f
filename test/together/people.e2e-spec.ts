// Who may do what, and what is kept of them.
import '../roles.e2e-spec.js';
import '../customers.e2e-spec.js';
import '../vault.e2e-spec.js';
import '../abuse.e2e-spec.js';
import '../held-accounts.e2e-spec.js';
import '../audit.e2e-spec.js';
