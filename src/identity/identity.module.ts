import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessGuard } from '../platform/access/access.guard.js';
import { Authenticator } from '../platform/access/actor.js';
import { Config } from '../platform/config.js';
import { Database } from '../platform/database/database.js';
import { PlatformModule } from '../platform/platform.module.js';
import { Account } from './account/account.entity.js';
import { AccountIndexRepository } from './account/account-index.repository.js';
import { AccountRepository } from './account/account.repository.js';
import { AddressBookController } from './address/address-book.controller.js';
import { AddressBookRepository } from './address/address-book.repository.js';
import { AddressBookService } from './address/address-book.service.js';
import { AccountService } from './account/account.service.js';
import { AdminAccountController } from './account/admin-account.controller.js';
import { AuthController, JwksController } from './account/auth.controller.js';
import { BlindIndex } from './account/blind-index.service.js';
import { EmailChangeController } from './account/email-change.controller.js';
import { EmailChangeService } from './account/email-change.service.js';
import { MeController } from './account/me.controller.js';
import { PasswordChangeService } from './account/password-change.service.js';
import { SealedPeople } from './account/sealed-people.service.js';
import { ProfileService } from './account/profile.service.js';
import { SignInService } from './account/sign-in.service.js';
import { StaffChangeService } from './account/staff-change.service.js';
import { StaffController } from './account/staff.controller.js';
import { StaffService } from './account/staff.service.js';
import {
  CustomerFactorResetController,
  FactorResetController,
  StaffFactorResetController,
} from './factor-reset/factor-reset.controller.js';
import { FactorResetRepository } from './factor-reset/factor-reset.repository.js';
import { FactorResetService } from './factor-reset/factor-reset.service.js';
import { ChallengeRepository } from './factor/challenge.repository.js';
import { EnrolmentService } from './factor/enrolment.service.js';
import { FactorChanges } from './factor/factor-changes.service.js';
import { FactorController } from './factor/factor.controller.js';
import { FactorRepository } from './factor/factor.repository.js';
import { RecoveryCodes } from './factor/recovery-codes.service.js';
import { SecondFactor } from './factor/second-factor.service.js';
import { SecondStepService } from './factor/second-step.service.js';
import { TotpSecrets } from './factor/totp-secrets.service.js';
import { ApiKeyAccess } from './api-key/api-key-access.service.js';
import { ApiKeyController } from './api-key/api-key.controller.js';
import { ApiKeyRepository } from './api-key/api-key.repository.js';
import { ApiKeyService } from './api-key/api-key.service.js';
import { ConsentController } from './consent/consent.controller.js';
import { ConsentRepository } from './consent/consent.repository.js';
import { ConsentService } from './consent/consent.service.js';
import { CustomerController } from './customer/customer.controller.js';
import { CustomerDetailService } from './customer/customer-detail.service.js';
import { CustomerListRepository } from './customer/customer-list.repository.js';
import { CustomerListService } from './customer/customer-list.service.js';
import { CustomerService } from './customer/customer.service.js';
import { GroupController } from './group/group.controller.js';
import { GroupRepository } from './group/group.repository.js';
import { GroupService } from './group/group.service.js';
import { IdentityApi } from './identity.api.js';
import { IdentityJobs } from './identity.jobs.js';
import { ImpersonationController } from './impersonation/impersonation.controller.js';
import { ImpersonationRepository } from './impersonation/impersonation.repository.js';
import { ImpersonationService } from './impersonation/impersonation.service.js';
import { LinkLetters } from './link/link-letters.service.js';
import { LinkRepository } from './link/link.repository.js';
import { Assertions } from './passkey/assertion.service.js';
import { PasskeySignInController } from './passkey/passkey-sign-in.controller.js';
import { PasskeySignIn } from './passkey/passkey-sign-in.service.js';
import { PasskeyController } from './passkey/passkey.controller.js';
import { PasskeyRepository } from './passkey/passkey.repository.js';
import { PasskeyService } from './passkey/passkey.service.js';
import { breachedPasswordsOf } from './password/breached-passwords.adapter.js';
import { BreachedPasswords } from './password/breached-passwords.port.js';
import { PasswordHasher } from './password/password.hasher.service.js';
import { PasswordService } from './password/password.service.js';
import { PresentPassword } from './password/present-password.service.js';
import { ClosingAccounts } from './privacy/closing-accounts.service.js';
import { ErasureReader } from './privacy/erasure-reader.service.js';
import { ErasureRepository } from './privacy/erasure.repository.js';
import { ErasureRunner } from './privacy/erasure-runner.service.js';
import { ErasureService } from './privacy/erasure.service.js';
import { ExportDownloadService } from './privacy/export-download.service.js';
import { ExportRepository } from './privacy/export.repository.js';
import { ExportRunner } from './privacy/export-runner.service.js';
import { ExportService } from './privacy/export.service.js';
import { AccountPersonalDataRepository } from './privacy/personal-data.repository.js';
import { IdentityPersonalData } from './privacy/personal-data.service.js';
import { PrivacyJobs } from './privacy/privacy.jobs.js';
import { CustomerPrivacyController } from './privacy/customer-privacy.controller.js';
import { ExportLinkController } from './privacy/export-link.controller.js';
import { MePrivacyController } from './privacy/me-privacy.controller.js';
import { PersonalDataController } from './privacy/personal-data.controller.js';
import { MyProvidersController } from './provider/my-providers.controller.js';
import { OidcClient } from './provider/oidc-client.service.js';
import { ProviderController } from './provider/provider.controller.js';
import { ProviderRepository } from './provider/provider.repository.js';
import { ProviderFlowRepository } from './provider/provider-flow.repository.js';
import { ProviderFlowService } from './provider/provider-flow.service.js';
import { ProviderLinkService } from './provider/provider-link.service.js';
import { ProviderSignInService } from './provider/provider-sign-in.service.js';
import { Entrance } from './session/entrance.service.js';
import { RoleController } from './role/role.controller.js';
import { RoleRepository } from './role/role.repository.js';
import { RoleService } from './role/role.service.js';
import { SessionRepository } from './session/session.repository.js';
import { SessionService } from './session/session.service.js';
import { StepUpController } from './session/step-up.controller.js';
import { StepUpService } from './session/step-up.service.js';
import { MailQuota } from './throttle/mail-quota.service.js';
import { ThrottleRepository } from './throttle/throttle.repository.js';
import { AccessTokens } from './token/access-tokens.service.js';
import { JwtAuthenticator } from './token/jwt.authenticator.service.js';
import { JwtStrategy } from './token/jwt.strategy.js';
import { KeyRing } from './token/key-ring.service.js';
import { KeyRotation } from './token/key-rotation.service.js';
import { OAuthController, OAuthMetadataController } from './token/oauth.controller.js';
import { OAuthClients } from './token/oauth-clients.service.js';
import { OAuthService } from './token/oauth.service.js';
import { RevokedTokenRepository } from './token/revoked-token.repository.js';
import { SigningKeyController } from './token/signing-key.controller.js';
import { SigningKeyRepository } from './token/signing-key.repository.js';
import { TokenInquiry } from './token/token-inquiry.service.js';
import { TokenReader } from './token/token-reader.service.js';

/** Owns accounts with what customers say of themselves, sessions, roles and keys: schema `identity`. Calls nobody, listens to nobody, guards every door. */
@Module({
  imports: [PlatformModule, TypeOrmModule.forFeature([Account])],
  controllers: [
    AdminAccountController,
    ApiKeyController,
    AuthController,
    FactorController,
    CustomerFactorResetController,
    StaffFactorResetController,
    FactorResetController,
    JwksController,
    MeController,
    MyProvidersController,
    PasskeyController,
    PasskeySignInController,
    ProviderController,
    OAuthController,
    OAuthMetadataController,
    RoleController,
    SigningKeyController,
    StaffController,
    AddressBookController,
    ConsentController,
    CustomerController,
    EmailChangeController,
    GroupController,
    ImpersonationController,
    StepUpController,
    CustomerPrivacyController,
    ExportLinkController,
    MePrivacyController,
    PersonalDataController,
  ],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: Authenticator, useClass: JwtAuthenticator },
    { provide: BreachedPasswords, inject: [Config, Database], useFactory: breachedPasswordsOf },
    AccessTokens,
    AccountIndexRepository,
    AccountRepository,
    AccountService,
    Assertions,
    BlindIndex,
    ChallengeRepository,
    EnrolmentService,
    Entrance,
    FactorChanges,
    FactorRepository,
    FactorResetRepository,
    FactorResetService,
    ApiKeyAccess,
    ApiKeyRepository,
    ApiKeyService,
    IdentityApi,
    IdentityJobs,
    ImpersonationRepository,
    ImpersonationService,
    JwtStrategy,
    KeyRing,
    KeyRotation,
    LinkRepository,
    OidcClient,
    PasskeyRepository,
    PasskeyService,
    PasskeySignIn,
    OAuthClients,
    OAuthService,
    AddressBookRepository,
    AddressBookService,
    ConsentRepository,
    ConsentService,
    CustomerDetailService,
    CustomerListRepository,
    CustomerListService,
    CustomerService,
    EmailChangeService,
    GroupRepository,
    GroupService,
    LinkLetters,
    MailQuota,
    PasswordChangeService,
    PasswordHasher,
    SealedPeople,
    PasswordService,
    PresentPassword,
    ProfileService,
    ProviderFlowRepository,
    ProviderFlowService,
    ProviderLinkService,
    ProviderRepository,
    ProviderSignInService,
    RecoveryCodes,
    SecondFactor,
    SecondStepService,
    RevokedTokenRepository,
    RoleRepository,
    RoleService,
    SessionRepository,
    SessionService,
    SignInService,
    SigningKeyRepository,
    StaffChangeService,
    StaffService,
    StepUpService,
    ThrottleRepository,
    TotpSecrets,
    TokenInquiry,
    TokenReader,
    ClosingAccounts,
    ErasureReader,
    ErasureRepository,
    ErasureRunner,
    ErasureService,
    ExportDownloadService,
    ExportRepository,
    ExportRunner,
    ExportService,
    AccountPersonalDataRepository,
    IdentityPersonalData,
    PrivacyJobs,
  ],
  exports: [IdentityApi],
})
export class IdentityModule {}
