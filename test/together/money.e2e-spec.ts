// Payments, documents and books.
import '../billing.e2e-spec.js';
import '../tender.e2e-spec.js';
import '../payments.e2e-spec.js';
import '../paying.e2e-spec.js';
import '../invoices.e2e-spec.js';
import '../documents.e2e-spec.js';
