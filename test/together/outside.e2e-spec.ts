// Who is not of the house and speaks with it.
import '../machines.e2e-spec.js';
import '../gateways.e2e-spec.js';
import '../providers.e2e-spec.js';
