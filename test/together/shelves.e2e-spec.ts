// What the shop shows.
import '../catalog.e2e-spec.js';
import '../categories.e2e-spec.js';
import '../collections.e2e-spec.js';
import '../content.e2e-spec.js';
import '../prices.e2e-spec.js';
