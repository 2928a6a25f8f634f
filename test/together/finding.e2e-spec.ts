// How it is found, and what there is of it.
import '../kinds.e2e-spec.js';
import '../search.e2e-spec.js';
import '../search-tools.e2e-spec.js';
import '../search-properties.e2e-spec.js';
import '../reviews.e2e-spec.js';
import '../stock.e2e-spec.js';
