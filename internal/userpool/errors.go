package userpool

import (
	"fmt"
	"net/http"
)

// exception is a refusal in Cognito's words: the name and the text that clients match on.
type exception struct {
	name    string
	message string
	status  int    // 400 unless said otherwise
	reason  string // reasonCode of InvalidParameterException
}

func (e *exception) Error() string { return e.name + ": " + e.message }

func refuse(name, message string) *exception {
	return &exception{name: name, message: message, status: http.StatusBadRequest}
}

func aliasExists(message string) *exception  { return refuse("AliasExistsException", message) }
func codeMismatch(message string) *exception { return refuse("CodeMismatchException", message) }
func concurrentModification() *exception {
	return refuse("ConcurrentModificationException", "The user was modified by another request. Try again.")
}

func enableSoftwareTokenMFA() *exception {
	return refuse("EnableSoftwareTokenMFAException", "Code mismatch")
}
func expiredCode(message string) *exception { return refuse("ExpiredCodeException", message) }
func groupExists() *exception {
	return refuse("GroupExistsException", "A group with the name already exists.")
}

func internalError(message string) *exception {
	return &exception{name: "InternalErrorException", message: message, status: http.StatusInternalServerError}
}

func invalidParameter(format string, args ...any) *exception {
	return refuse("InvalidParameterException", fmt.Sprintf(format, args...))
}

func invalidPassword(fault string) *exception {
	return refuse("InvalidPasswordException", "Password did not conform with policy: "+fault)
}

func limitExceeded() *exception {
	return refuse("LimitExceededException", "Attempt limit exceeded, please try after some time.")
}

func missingAuthenticationToken() *exception {
	return refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
}
func notAuthorized(message string) *exception { return refuse("NotAuthorizedException", message) }
func passwordHistory() *exception {
	return refuse("PasswordHistoryPolicyViolationException", "Password has previously been used")
}

func passwordResetRequired() *exception {
	return refuse("PasswordResetRequiredException", "Password reset required for the user")
}

func resourceNotFound(message string) *exception { return refuse("ResourceNotFoundException", message) }

func refreshTokenReuse() *exception {
	return refuse("RefreshTokenReuseException", "Refresh token reuse detected")
}
func serialization(message string) *exception { return refuse("SerializationException", message) }
func softwareTokenNotFound(message string) *exception {
	return refuse("SoftwareTokenMFANotFoundException", message)
}

func tooManyRequests(message string) *exception { return refuse("TooManyRequestsException", message) }
func unauthorized(message string) *exception    { return refuse("UnauthorizedException", message) }
func unknownOperation() *exception              { return refuse("UnknownOperationException", "") }
func unsupportedOperation(message string) *exception {
	return refuse("UnsupportedOperationException", message)
}

func unsupportedTokenType(message string) *exception {
	return refuse("UnsupportedTokenTypeException", message)
}

func unsupportedUserState(message string) *exception {
	return refuse("UnsupportedUserStateException", message)
}
func usernameExists(message string) *exception { return refuse("UsernameExistsException", message) }
func userNotConfirmed() *exception {
	return refuse("UserNotConfirmedException", "User is not confirmed.")
}
func userNotFound(message string) *exception { return refuse("UserNotFoundException", message) }
func addOnNotEnabled() *exception {
	return refuse("UserPoolAddOnNotEnabledException", "Threat protection is not enabled for the user pool.")
}

// The sentences that more than one place says.
const (
	wrongPassword     = "Incorrect username or password."
	noSuchUser        = "User does not exist."
	userDisabled      = "User is disabled."
	tooManyPasswords  = "Password attempts exceeded"
	sessionExpired    = "Invalid session for the user, session is expired."
	sessionSpent      = "Invalid session for the user, session can only be used once."
	sessionInvalid    = "Invalid session for the user."
	totpOff           = "Software Token MFA has not been enabled by the userPool"
	totpMissing       = "Software Token MFA does not exist for the user."
	totpReplayed      = "Your software token has already been used once."
	wrongTOTP         = "Invalid code received for user"
	wrongSentCode     = "Invalid code or auth state for the user."
	wrongVerification = "Invalid verification code provided, please try again."
	staleVerification = "Invalid code provided, please request a code again."
	badAccessToken    = "Invalid Access Token"
	badRefreshToken   = "Invalid Refresh Token"
)
