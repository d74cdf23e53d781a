package cognito

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"cognito-enroll/internal/doctor"
)

// kinds says what an exception tells the doctor. NotAuthorizedException and the like mean several things: see sentences.
//
//nolint:gochecknoglobals // an immutable table
var kinds = map[string]doctor.Kind{
	"AccessDeniedException":               doctor.Denied,
	"ExpiredToken":                        doctor.BadCredentials,
	"ExpiredTokenException":               doctor.BadCredentials,
	"ForbiddenException":                  doctor.Blocked,
	"IncompleteSignatureException":        doctor.BadCredentials,
	"InternalErrorException":              doctor.Broken,
	"InvalidClientTokenId":                doctor.BadCredentials,
	"InvalidLambdaResponseException":      doctor.TriggerFailed,
	"InvalidSignatureException":           doctor.BadCredentials,
	"LimitExceededException":              doctor.Throttled,
	"MissingAuthenticationTokenException": doctor.BadCredentials,
	"NotAuthorizedException":              doctor.WrongPassword,
	"RequestThrottled":                    doctor.Throttled,
	"ResourceNotFoundException":           doctor.NoClient,
	"ThrottlingException":                 doctor.Throttled,
	"TooManyRequestsException":            doctor.Throttled,
	"UnexpectedLambdaException":           doctor.TriggerFailed,
	"UnknownOperationException":           doctor.UnknownOperation,
	"UnrecognizedClientException":         doctor.BadCredentials,
	"UnsupportedOperationException":       doctor.Unsupported,
	"UserLambdaValidationException":       doctor.TriggerRefused,
	"UserNotFoundException":               doctor.UnknownUser,
}

// sentences tell apart what one exception is used for: the first whose part the message has.
//
//nolint:gochecknoglobals // an immutable table
var sentences = []struct {
	exception, part string
	kind            doctor.Kind
}{
	{"NotAuthorizedException", "SECRET_HASH was not received", doctor.HashMissing},
	{"NotAuthorizedException", "does not have a secret", doctor.HashSurplus},
	{"NotAuthorizedException", "secret hash", doctor.HashWrong},
	{"NotAuthorizedException", "SecretHash does not match", doctor.HashWrong},
	{"InvalidParameterException", "flow not enabled for this client", doctor.FlowOff},
	{"ResourceNotFoundException", "User pool client", doctor.NoClient},
	{"ResourceNotFoundException", "User pool", doctor.NoPool},
}

// reply turns what the SDK answers into the doctor's terms. It keeps nothing of the service's own text.
func (i *Inspector) reply(err error) doctor.Reply {
	if err == nil {
		return doctor.Reply{Kind: doctor.Answered}
	}
	reply := doctor.Reply{}
	status := 0
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
		if served, dateErr := http.ParseTime(response.Response.Header.Get("Date")); dateErr == nil {
			reply.Dated, reply.Ahead = true, served.Sub(i.client.clock.own())
		}
	}
	exception, ok := errors.AsType[smithy.APIError](err)
	switch {
	case ok && known(exception):
		reply.Kind, reply.Seen = kindOfException(exception), exceptionForLog(exception.ErrorCode())
	case status != 0:
		reply.Kind, reply.Seen = kindOfStatus(status), httpStatus(status)
	default:
		reply.Kind, reply.Seen = kindOfFailure(err)
	}
	return reply
}

// known reports whether an error has a name. The SDK gives one to whatever it cannot read.
func known(exception smithy.APIError) bool {
	code := exception.ErrorCode()
	return code != "" && code != "UnknownError"
}

func kindOfException(exception smithy.APIError) doctor.Kind {
	for _, s := range sentences {
		if s.exception == exception.ErrorCode() && strings.Contains(exception.ErrorMessage(), s.part) {
			return s.kind
		}
	}
	return kinds[exception.ErrorCode()] // Other when it is not there
}

// kindOfStatus judges an answer in which no exception is named.
func kindOfStatus(status int) doctor.Kind {
	switch {
	case status == http.StatusForbidden:
		return doctor.Blocked
	case status == http.StatusTooManyRequests:
		return doctor.Throttled
	case status >= http.StatusInternalServerError:
		return doctor.Broken
	}
	return doctor.NotCognito
}

func httpStatus(status int) string { return fmt.Sprintf("HTTP %d", status) }

// kindOfFailure judges a call that got no answer.
func kindOfFailure(err error) (doctor.Kind, string) {
	host := "the endpoint"
	if failed, ok := errors.AsType[*url.Error](err); ok {
		if u, parseErr := url.Parse(failed.URL); parseErr == nil && u.Host != "" {
			host = u.Host
		}
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return doctor.NoSuchHost, name.Name
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return doctor.BadCertificate, host
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return doctor.BadCertificate, host
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return doctor.NotCognito, host + " does not speak TLS"
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return doctor.NoConnection, host
	}
	return doctor.NoAnswer, host
}
