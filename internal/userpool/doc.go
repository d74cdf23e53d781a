// Package userpool is an Amazon Cognito user pool service in memory: for demonstrations, for tests, and for anybody who
// wants to try a Cognito client without AWS. It speaks the service's wire protocol (AWS JSON 1.1), so that the real
// SDKs, the AWS CLI and boto3 work with it, and it means to be as strict as the service is: what passes here should
// pass there. Where the service is not known well enough, ASSUMPTIONS.md says what is believed, and why.
//
//	pool, err := userpool.New(userpool.Options{})
//	client := cognitoidentityprovider.New(cognitoidentityprovider.Options{
//		Region: pool.Info().Region, BaseEndpoint: aws.String("http://pool.invalid"),
//		HTTPClient: &http.Client{Transport: pool.Transport()},
//	})
//
// It is no place for real accounts: passwords are hashed to be fast, messages are kept instead of sent, and the control
// interface can do everything. An enrolled account with three attributes takes 0.8 kB of memory, a sign-in 0.4 kB until
// its refresh token expires; ten thousand accounts are seeded in a twentieth of a second.
//
// # Where things are
//
//	options.go         what a pool can be, and the switches among readings of the service
//	operations.go      the table of operations; op_<operation>.go is one each
//	model.txt          the inputs, with every limit and pattern; validate.go checks them before anything else
//	errors.go          the exceptions, one constructor each, and the sentences that clients match on
//	serve.go           one request: front door, validation, operation under the lock, signatures after it, answer
//	flow.go            what a sign-in asks for next; flow_*.go the ways to begin one; sessions.go the session strings
//	tokens.go keys.go  JWTs, refresh tokens, revocation; oauth*.go and web.go the endpoints beside the protocol
//	seed.go demo.go    accounts to start with
//	faults.go control.go quotas.go  what tests can do to the service
//	state_file.go      keeping it across restarts
//
// A sign-in with TOTP set-up. Each arrow's string is used once; a refused call leaves it usable:
//
//	InitiateAuth ─(MFA_SETUP)─> AssociateSoftwareToken ──> VerifySoftwareToken ──> RespondToAuthChallenge ──> tokens
//
// # Operations
//
// An operation is full, partial (with what is missing) or absent. AdminDeleteSoftwareToken is newer than the Go SDK.
//
//   - AdminAddUserToGroup: full
//   - AdminConfirmSignUp: full
//   - AdminCreateUser: partial: no validation data, no link to an identity provider; invitations are kept for the control interface
//   - AdminDeleteSoftwareToken: full
//   - AdminDeleteUser: full
//   - AdminDeleteUserAttributes: full
//   - AdminDisableUser: full
//   - AdminEnableUser: full
//   - AdminForgetDevice: full
//   - AdminGetDevice: full
//   - AdminGetUser: full
//   - AdminInitiateAuth: partial: no ContextData, no Lambda triggers
//   - AdminListDevices: full
//   - AdminListGroupsForUser: full
//   - AdminListUserAuthEvents: partial: sign-ins only, and only with the switch AuthEvents
//   - AdminRemoveUserFromGroup: full
//   - AdminResetUserPassword: full
//   - AdminRespondToAuthChallenge: full
//   - AdminSetUserMFAPreference: partial: as SetUserMFAPreference
//   - AdminSetUserPassword: full
//   - AdminUpdateDeviceStatus: full
//   - AdminUpdateUserAttributes: full
//   - AdminUserGlobalSignOut: full
//   - AssociateSoftwareToken: full
//   - ChangePassword: full
//   - ConfirmDevice: full
//   - ConfirmForgotPassword: full
//   - ConfirmSignUp: partial: answers no Session for USER_AUTH
//   - CreateGroup: full
//   - CreateUserPool: partial: schema rules other than required, Lambda triggers and message texts are kept and told again, not applied
//   - CreateUserPoolClient: partial: read and write permissions of attributes are kept, not applied
//   - DeleteGroup: full
//   - DeleteUser: full
//   - DeleteUserAttributes: full
//   - DeleteUserPool: full
//   - DeleteUserPoolClient: full
//   - DescribeUserPool: full
//   - DescribeUserPoolClient: full
//   - ForgetDevice: full
//   - ForgotPassword: full
//   - GetDevice: full
//   - GetGroup: full
//   - GetTokensFromRefreshToken: full
//   - GetUser: full
//   - GetUserAttributeVerificationCode: full
//   - GetUserAuthFactors: full
//   - GetUserPoolMfaConfig: partial: no WebAuthnConfiguration
//   - GlobalSignOut: full
//   - InitiateAuth: partial: no Lambda triggers (CUSTOM_AUTH is a script), no passkeys, no continuation after ConfirmSignUp
//   - ListDevices: full
//   - ListGroups: full
//   - ListUserPoolClients: full
//   - ListUserPools: full
//   - ListUsers: full
//   - ListUsersInGroup: full
//   - ResendConfirmationCode: full
//   - RespondToAuthChallenge: partial: no passkeys; MFA_SETUP for an app or e-mail, not for a phone
//   - RevokeToken: full
//   - SetUserMFAPreference: partial: no passkeys: WebAuthnMfaSettings is validated and ignored
//   - SetUserPoolMfaConfig: partial: passkey settings are validated and ignored
//   - SignUp: partial: needs a password; no Lambda triggers
//   - UpdateDeviceStatus: full
//   - UpdateGroup: full
//   - UpdateUserAttributes: full
//   - UpdateUserPool: partial: as CreateUserPool
//   - UpdateUserPoolClient: partial: as CreateUserPoolClient
//   - VerifySoftwareToken: full
//   - VerifyUserAttribute: full
//
// Absent, and answered as unknown:
//
//   - AddCustomAttributes: absent
//   - AddUserPoolClientSecret: absent
//   - AdminDisableProviderForUser: absent
//   - AdminLinkProviderForUser: absent
//   - AdminSetUserSettings: absent
//   - AdminUpdateAuthEventFeedback: absent
//   - CompleteWebAuthnRegistration: absent
//   - CreateIdentityProvider: absent
//   - CreateManagedLoginBranding: absent
//   - CreateResourceServer: absent
//   - CreateTerms: absent
//   - CreateUserImportJob: absent
//   - CreateUserPoolDomain: absent
//   - CreateUserPoolReplica: absent
//   - DeleteIdentityProvider: absent
//   - DeleteManagedLoginBranding: absent
//   - DeleteResourceServer: absent
//   - DeleteTerms: absent
//   - DeleteUserPoolClientSecret: absent
//   - DeleteUserPoolDomain: absent
//   - DeleteUserPoolReplica: absent
//   - DeleteWebAuthnCredential: absent
//   - DescribeIdentityProvider: absent
//   - DescribeManagedLoginBranding: absent
//   - DescribeManagedLoginBrandingByClient: absent
//   - DescribeResourceServer: absent
//   - DescribeRiskConfiguration: absent
//   - DescribeTerms: absent
//   - DescribeUserImportJob: absent
//   - DescribeUserPoolDomain: absent
//   - GetCSVHeader: absent
//   - GetIdentityProviderByIdentifier: absent
//   - GetLogDeliveryConfiguration: absent
//   - GetSigningCertificate: absent
//   - GetUICustomization: absent
//   - ListIdentityProviders: absent
//   - ListResourceServers: absent
//   - ListTagsForResource: absent
//   - ListTerms: absent
//   - ListUserImportJobs: absent
//   - ListUserPoolClientSecrets: absent
//   - ListUserPoolReplicas: absent
//   - ListWebAuthnCredentials: absent
//   - SetLogDeliveryConfiguration: absent
//   - SetRiskConfiguration: absent
//   - SetUICustomization: absent
//   - SetUserSettings: absent
//   - StartUserImportJob: absent
//   - StartWebAuthnRegistration: absent
//   - StopUserImportJob: absent
//   - TagResource: absent
//   - UntagResource: absent
//   - UpdateAuthEventFeedback: absent
//   - UpdateIdentityProvider: absent
//   - UpdateManagedLoginBranding: absent
//   - UpdateResourceServer: absent
//   - UpdateTerms: absent
//   - UpdateUserPoolDomain: absent
//   - UpdateUserPoolReplica: absent
package userpool
