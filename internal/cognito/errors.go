package cognito

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"cognito-enroll/internal/enroll"
)

// meanings says what an exception means to the person. An operation's own row wins over the row for all ("").
// NotAuthorizedException and InvalidParameterException mean several things: see meaningOf.
//
//nolint:gochecknoglobals // an immutable table
var meanings = map[string]map[string]enroll.Kind{
	"": {
		"AliasExistsException":                     enroll.NotAllowed,
		"CodeMismatchException":                    enroll.WrongCode,
		"ConcurrentModificationException":          enroll.Conflict,
		"EnableSoftwareTokenMFAException":          enroll.WrongCode,
		"ExpiredCodeException":                     enroll.WrongCode,
		"ForbiddenException":                       enroll.Blocked,
		"InternalErrorException":                   enroll.PoolDown,
		"InvalidEmailRoleAccessPolicyException":    enroll.Misconfigured,
		"InvalidLambdaResponseException":           enroll.Misconfigured,
		"InvalidParameterException":                enroll.Misconfigured,
		"InvalidPasswordException":                 enroll.WeakPassword,
		"InvalidSmsRoleAccessPolicyException":      enroll.Misconfigured,
		"InvalidSmsRoleTrustRelationshipException": enroll.Misconfigured,
		"InvalidUserPoolConfigurationException":    enroll.Misconfigured,
		"LimitExceededException":                   enroll.TooManyTries,
		"MFAMethodNotFoundException":               enroll.OtherMethod,
		"NotAuthorizedException":                   enroll.SignInAgain,
		"OperationNotEnabledException":             enroll.Misconfigured,
		"PasswordHistoryPolicyViolationException":  enroll.PasswordReused,
		"PasswordResetRequiredException":           enroll.ResetRequired,
		"RequestThrottled":                         enroll.Busy,
		"ResourceNotFoundException":                enroll.Misconfigured,
		"SoftwareTokenMFANotFoundException":        enroll.AppsOff,
		"ThrottlingException":                      enroll.Busy,
		"TooManyFailedAttemptsException":           enroll.TooManyTries,
		"TooManyRequestsException":                 enroll.Busy,
		"UnexpectedLambdaException":                enroll.Misconfigured,
		"UnsupportedOperationException":            enroll.Misconfigured,
		"UserLambdaValidationException":            enroll.NotAllowed,
		"UserNotConfirmedException":                enroll.NotConfirmed,
		"UserNotFoundException":                    enroll.SignInAgain,
	},
	"InitiateAuth":           cannotSignIn,
	opVerifier:               cannotSignIn,
	opSelect:                 cannotSignIn,
	"ForgotPassword":         notSent,
	"ResendConfirmationCode": notSent,
	opNewPassword: {
		"InternalErrorException": enroll.ResultUnknown,
	},
	"ConfirmForgotPassword": {
		"InternalErrorException":         enroll.ResultUnknown,
		"LimitExceededException":         enroll.WrongCode,
		"TooManyFailedAttemptsException": enroll.WrongCode,
	},
	"ConfirmSignUp": {
		"LimitExceededException":         enroll.WrongCode,
		"TooManyFailedAttemptsException": enroll.WrongCode,
	},
	"RespondToAuthChallenge": {
		"SoftwareTokenMFANotFoundException": enroll.SignInAgain, // the app was removed while its code was asked for
	},
	"SetUserMFAPreference": {
		"InvalidParameterException": enroll.Conflict, // no verified app: another set-up has replaced this one
	},
	"VerifySoftwareToken": {
		"InternalErrorException": enroll.ResultUnknown,
	},
}

// cannotSignIn is one answer for every account that cannot sign in: nobody learns which names exist.
//
//nolint:gochecknoglobals // an immutable table
var cannotSignIn = map[string]enroll.Kind{
	"NotAuthorizedException":    enroll.WrongPassword,
	"UserNotConfirmedException": enroll.WrongPassword,
	"UserNotFoundException":     enroll.WrongPassword,
}

// notSent is said of accounts that exist alone, when no code could be sent to them: nobody learns of it but the log.
//
//nolint:gochecknoglobals // an immutable table
var notSent = map[string]enroll.Kind{
	"CodeDeliveryFailureException":             enroll.NoWayToReach,
	"InvalidEmailRoleAccessPolicyException":    enroll.NoWayToReach,
	"InvalidLambdaResponseException":           enroll.NoWayToReach,
	"InvalidParameterException":                enroll.NoWayToReach, // no address, or confirmed already
	"InvalidSmsRoleAccessPolicyException":      enroll.NoWayToReach,
	"InvalidSmsRoleTrustRelationshipException": enroll.NoWayToReach,
	"LimitExceededException":                   enroll.NoWayToReach,
	"UnexpectedLambdaException":                enroll.NoWayToReach,
}

// errFlowOff is the cause when the app client does not allow a flow.
var errFlowOff = errors.New("the app client does not allow this flow: add it to its ExplicitAuthFlows, or set COGNITO_AUTH_FLOW")

// texts tell apart what one exception is used for: the first whose part the message has. Types first, texts
// only where they must: they change over the years.
//
//nolint:gochecknoglobals // an immutable table
var texts = []struct {
	exception, part string
	kind            enroll.Kind
	mend            string // for the log
}{
	{"NotAuthorizedException", "session can only be used once", enroll.SessionSpent, ""},
	{"NotAuthorizedException", "Invalid session", enroll.SignInAgain, ""},
	{"NotAuthorizedException", "Access Token does not have required scopes", enroll.Misconfigured, "the access token lacks the scope aws.cognito.signin.user.admin"},
	{"NotAuthorizedException", "Access Token", enroll.SignInAgain, ""},
	{"NotAuthorizedException", "Password attempts exceeded", enroll.TooManyTries, ""},
	{"NotAuthorizedException", "Temporary password has expired", enroll.PasswordExpired, ""},
	{"NotAuthorizedException", "SECRET_HASH was not received", enroll.Misconfigured, "the app client has a secret: set COGNITO_CLIENT_SECRET"},
	{"NotAuthorizedException", "secret hash", enroll.Misconfigured, "COGNITO_CLIENT_SECRET is not this app client's"},
	{"NotAuthorizedException", "SecretHash does not match", enroll.Misconfigured, "COGNITO_CLIENT_SECRET is not this app client's"},
	{"NotAuthorizedException", "does not have a secret", enroll.Misconfigured, "the app client has no secret: unset COGNITO_CLIENT_SECRET"},
	{"InvalidParameterException", "no registered/verified email or phone_number", enroll.NoWayToReach, ""},
	{"ResourceNotFoundException", "User pool client", enroll.Misconfigured, "no such app client in this region: check COGNITO_CLIENT_ID and AWS_REGION"},
}

// translate turns what the SDK answers into an *enroll.Error. Its text is safe to log: the service's own message is
// read but not kept, since services have been seen to repeat tokens in it.
func translate(op string, err error) error {
	kind, cause := meaningOf(op, err)
	e := &enroll.Error{Kind: kind, Op: op, Err: cause}
	if kind == enroll.WrongCode {
		e.Diagnosis = diagnosis(op, err)
	}
	return e
}

func meaningOf(op string, err error) (enroll.Kind, error) {
	if errors.Is(err, errKeptBack) {
		return enroll.Busy, errKeptBack
	}
	status, requestID := 0, ""
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		status, requestID = response.HTTPStatusCode(), response.ServiceRequestID()
	}
	if exception, ok := errors.AsType[smithy.APIError](err); ok {
		kind, mend := meaningOfException(op, exception, status)
		cause := fmt.Errorf("%s (HTTP %d, request %s)", exceptionForLog(exception.ErrorCode()), status, requestID)
		if kind == enroll.Misconfigured && strings.Contains(exception.ErrorMessage(), "flow not enabled for this client") {
			return kind, fmt.Errorf("%w: %w", cause, errFlowOff)
		}
		if mend != "" {
			cause = fmt.Errorf("%w: %s", cause, mend)
		}
		return kind, cause
	}
	switch {
	case status == http.StatusForbidden:
		return enroll.Blocked, errors.New("HTTP 403 that is not the pool's own: a firewall answers in its place")
	case status != 0:
		return lost(op), fmt.Errorf("HTTP %d with an answer that cannot be read", status)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return lost(op), errors.New("no answer in time")
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok {
		if dial.Op == "dial" { // nothing was sent
			return enroll.PoolDown, fmt.Errorf("cannot connect: %w", dial)
		}
		return lost(op), fmt.Errorf("connection lost: %w", dial)
	}
	return lost(op), errors.New("no answer")
}

// lost is the kind of an answer that did not come, or not whole.
func lost(op string) enroll.Kind {
	switch op {
	case "VerifySoftwareToken", opNewPassword, "ConfirmForgotPassword":
		return enroll.ResultUnknown
	}
	return enroll.PoolDown
}

func meaningOfException(op string, exception smithy.APIError, status int) (kind enroll.Kind, mend string) {
	name := exception.ErrorCode()
	for _, text := range texts {
		if text.exception == name && strings.Contains(exception.ErrorMessage(), text.part) {
			return text.kind, text.mend
		}
	}
	if kind, found := meanings[op][name]; found {
		return kind, ""
	}
	if kind, found := meanings[""][name]; found {
		return kind, ""
	}
	switch {
	case status == http.StatusForbidden:
		return enroll.Blocked, ""
	case status >= http.StatusInternalServerError:
		return lost(op), ""
	}
	return enroll.Misconfigured, ""
}

// diagnosis is what the pool itself says of a code.
func diagnosis(op string, err error) enroll.Diagnosis {
	exception, ok := errors.AsType[smithy.APIError](err)
	switch {
	case ok && exception.ErrorCode() == "ExpiredCodeException":
		return enroll.Diagnosis{Verdict: enroll.JustUsed}
	case op == "VerifySoftwareToken":
		return enroll.Diagnosis{Verdict: enroll.PoolRefused}
	}
	return enroll.Diagnosis{Verdict: enroll.NoMatch}
}

// exceptionForLog keeps a name from outside to what an exception's name looks like.
func exceptionForLog(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return -1
	}, name[:min(len(name), 80)])
}
