// What a purchase costs.
import '../carts.e2e-spec.js';
import '../promotions.e2e-spec.js';
import '../promotion-codes.e2e-spec.js';
import '../shipping.e2e-spec.js';
import '../tax.e2e-spec.js';
import '../totals.e2e-spec.js';
