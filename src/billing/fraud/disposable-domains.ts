/**
 * Providers of addresses that live for minutes. A small list of the well-known ones, with what is under them: it is a hint for a
 * rule, not a verdict.
 */
const DOMAINS: ReadonlySet<string> = new Set(
  `0-mail.com 10minutemail.com 10minutemail.net 20minutemail.com 33mail.com anonbox.net burnermail.io byom.de cock.li
  discard.email discardmail.com dispostable.com dropmail.me emailfake.com emailondeck.com emltmp.com fakeinbox.com
  fakemailgenerator.com getairmail.com getnada.com guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info
  guerrillamail.net guerrillamail.org guerrillamailblock.com harakirimail.com incognitomail.org inboxkitten.com
  jetable.org linshiyouxiang.net mail-temp.com mail.tm mailcatch.com maildrop.cc maildu.de mailexpire.com mailinator.com
  mailinator.net mailnesia.com mailnull.com mailpoof.com mailsac.com mailtemp.net minuteinbox.com moakt.com mohmal.com
  mt2015.com mytemp.email mytrashmail.com nada.email nwytg.net owlymail.com pokemail.net rcpt.at sharklasers.com
  spam4.me spambog.com spambox.us spamgourmet.com spamex.com tempail.com tempinbox.com tempmail.com tempmail.dev
  tempmail.net tempmailaddress.com tempmailo.com temp-mail.io temp-mail.org throwawaymail.com tmail.ws tmpmail.net
  tmpmail.org trash-mail.com trashmail.com trashmail.de trashmail.me trashmail.net trbvm.com wegwerfmail.de
  wegwerfmail.net wegwerfmail.org yopmail.com yopmail.fr yopmail.net`.split(/\s+/),
);

/** Whether an address is at one of these providers, or below one. */
export function isDisposable(email: string): boolean {
  const labels = email
    .slice(email.lastIndexOf('@') + 1)
    .toLowerCase()
    .split('.');
  return labels.some((_, index) => DOMAINS.has(labels.slice(index).join('.')));
}
