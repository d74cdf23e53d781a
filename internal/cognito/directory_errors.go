package cognito

import (
	"errors"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"cognito-enroll/internal/helpdesk"
)

// deskKinds says what an exception means to the help desk.
//
//nolint:gochecknoglobals // an immutable table
var deskKinds = map[string]helpdesk.Kind{
	"AccessDeniedException":                 helpdesk.PoolRefused,
	"ExpiredToken":                          helpdesk.PoolRefused,
	"ExpiredTokenException":                 helpdesk.PoolRefused,
	"ForbiddenException":                    helpdesk.PoolRefused,
	"IncompleteSignatureException":          helpdesk.PoolRefused,
	"InternalErrorException":                helpdesk.PoolDown,
	"InvalidClientTokenId":                  helpdesk.PoolRefused,
	"InvalidParameterException":             helpdesk.BadInput,
	"InvalidSignatureException":             helpdesk.PoolRefused,
	"InvalidUserPoolConfigurationException": helpdesk.PoolCannot,
	"LimitExceededException":                helpdesk.PoolBusy,
	"MissingAuthenticationTokenException":   helpdesk.PoolRefused,
	"NotAuthorizedException":                helpdesk.PoolRefused,
	"OperationNotEnabledException":          helpdesk.PoolCannot,
	"RequestThrottled":                      helpdesk.PoolBusy,
	"ResourceNotFoundException":             helpdesk.PoolCannot, // no such pool
	"ThrottlingException":                   helpdesk.PoolBusy,
	"TooManyRequestsException":              helpdesk.PoolBusy,
	"UnknownOperationException":             helpdesk.PoolCannot,
	"UnrecognizedClientException":           helpdesk.PoolRefused,
	"UnsupportedOperationException":         helpdesk.PoolCannot,
	"UserNotConfirmedException":             helpdesk.PoolCannot,
	"UserNotFoundException":                 helpdesk.NoSuchAccount,
	"UserPoolAddOnNotEnabledException":      helpdesk.PoolCannot,
}

// directoryError turns what the SDK answers into the help desk's terms. As in translate, the service's own words are not
// kept.
func directoryError(op string, err error) error {
	_, cause := meaningOf(op, err)
	return &helpdesk.Error{Kind: deskKind(err), Op: op, Field: fieldOf(err), Err: cause}
}

func deskKind(err error) helpdesk.Kind {
	if exception, ok := errors.AsType[smithy.APIError](err); ok {
		if kind, found := deskKinds[exception.ErrorCode()]; found {
			return kind
		}
	}
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	switch {
	case errors.Is(err, errKeptBack):
		return helpdesk.PoolBusy
	case ok && response.HTTPStatusCode() == http.StatusForbidden:
		return helpdesk.PoolRefused
	case ok && response.HTTPStatusCode() == http.StatusTooManyRequests:
		return helpdesk.PoolBusy
	}
	return helpdesk.PoolDown
}

// fieldOf names what was not right: an account's name is all that comes from outside.
func fieldOf(err error) string {
	if deskKind(err) == helpdesk.BadInput {
		return "account"
	}
	return ""
}

// says reports whether err is an exception with part in its message.
func says(err error, exception, part string) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && e.ErrorCode() == exception && strings.Contains(e.ErrorMessage(), part)
}
