package web_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cognito-enroll/internal/userpool"
)

// rawText stands for the service's own message: it must not be seen by anybody.
const rawText = "RAW-SERVICE-TEXT-8d1c"

// What a page is for an exception: where the browser ends, with which status, and words of the answer.
type told struct {
	path   string
	status int
	words  string
}

// Answers that several exceptions share.
var (
	misconfigured = told{"", http.StatusServiceUnavailable, "not set up correctly"}
	poolDown      = told{"", http.StatusServiceUnavailable, "does not answer"}
	busy          = told{"", http.StatusServiceUnavailable, "Many people"}
	blocked       = told{"", http.StatusServiceUnavailable, "refused the request"}
	notAllowed    = told{"", http.StatusForbidden, "does not allow this"}
	resetRequired = told{"", http.StatusForbidden, "must be reset"}
	notConfirmed  = told{"", http.StatusForbidden, "not confirmed"}
	appsOff       = told{"", http.StatusForbidden, "switched off"}
	otherMethod   = told{"", http.StatusForbidden, "another way"}
	conflict      = told{"", http.StatusConflict, "changed elsewhere"}
	wrongPassword = told{"/sign-in", http.StatusUnprocessableEntity, "do not match an account"}
	signInAgain   = told{"/sign-in", http.StatusOK, "sign in again"}
	appLinked     = told{"/sign-in", http.StatusOK, "Your app is linked"}
	lostAnswer    = told{"", http.StatusServiceUnavailable, "did not hear back"}
)

// exceptionTable says, for every operation that the portal calls and every exception that the service model lists for
// it, what the person is told.
func exceptionTable() map[string]map[string]told {
	common := map[string]told{
		"ForbiddenException":                       blocked,
		"InternalErrorException":                   poolDown,
		"InvalidParameterException":                misconfigured,
		"NotAuthorizedException":                   signInAgain,
		"OperationNotEnabledException":             misconfigured,
		"ResourceNotFoundException":                misconfigured,
		"PasswordResetRequiredException":           resetRequired,
		"UserNotConfirmedException":                notConfirmed,
		"UserNotFoundException":                    signInAgain,
		"TooManyRequestsException":                 busy,
		"UnexpectedLambdaException":                misconfigured,
		"UserLambdaValidationException":            notAllowed,
		"InvalidLambdaResponseException":           misconfigured,
		"InvalidUserPoolConfigurationException":    misconfigured,
		"InvalidSmsRoleAccessPolicyException":      misconfigured,
		"InvalidSmsRoleTrustRelationshipException": misconfigured,
		"InvalidEmailRoleAccessPolicyException":    misconfigured,
		"UnsupportedOperationException":            misconfigured,
		"ConcurrentModificationException":          conflict,
		"SoftwareTokenMFANotFoundException":        appsOff,
	}
	with := func(own map[string]told, shared ...string) map[string]told {
		for _, name := range shared {
			own[name] = common[name]
		}
		return own
	}
	signIn := []string{
		"ForbiddenException", "InternalErrorException", "InvalidEmailRoleAccessPolicyException", "InvalidLambdaResponseException",
		"InvalidParameterException", "InvalidSmsRoleAccessPolicyException", "InvalidSmsRoleTrustRelationshipException",
		"InvalidUserPoolConfigurationException", "OperationNotEnabledException", "PasswordResetRequiredException", "ResourceNotFoundException",
		"TooManyRequestsException", "UnexpectedLambdaException", "UserLambdaValidationException",
	}
	return map[string]map[string]told{
		"InitiateAuth": with(map[string]told{
			"NotAuthorizedException":    wrongPassword,
			"UserNotConfirmedException": wrongPassword,
			"UserNotFoundException":     wrongPassword,
			// Some pools say so whatever the password was.
			"PasswordResetRequiredException": wrongPassword,
		}, append(slices.DeleteFunc(slices.Clone(signIn), func(name string) bool { return name == "PasswordResetRequiredException" }),
			"UnsupportedOperationException")...),
		"RespondToAuthChallenge": with(map[string]told{
			"AliasExistsException":                    notAllowed,
			"CodeMismatchException":                   {"/challenge", http.StatusUnprocessableEntity, "does not match"},
			"ExpiredCodeException":                    {"/challenge", http.StatusUnprocessableEntity, "used already"},
			"InvalidPasswordException":                {"", http.StatusUnprocessableEntity, "not strong enough"},
			"PasswordHistoryPolicyViolationException": {"", http.StatusUnprocessableEntity, "used that password before"},
			"MFAMethodNotFoundException":              otherMethod,
			"SoftwareTokenMFANotFoundException":       signInAgain,
		}, append(signIn, "NotAuthorizedException", "UserNotConfirmedException", "UserNotFoundException")...),
		"AssociateSoftwareToken": with(map[string]told{},
			"ConcurrentModificationException", "ForbiddenException", "InternalErrorException", "InvalidParameterException",
			"NotAuthorizedException", "OperationNotEnabledException", "ResourceNotFoundException", "SoftwareTokenMFANotFoundException"),
		"VerifySoftwareToken": with(map[string]told{
			"CodeMismatchException":           {"/set-up/verify", http.StatusUnprocessableEntity, "not accepted"},
			"EnableSoftwareTokenMFAException": {"/set-up/verify", http.StatusUnprocessableEntity, "not accepted"},
			"InternalErrorException":          lostAnswer, // it may have verified the code before it failed
		}, "ForbiddenException", "InvalidParameterException", "InvalidUserPoolConfigurationException", "NotAuthorizedException",
			"OperationNotEnabledException", "PasswordResetRequiredException", "ResourceNotFoundException", "SoftwareTokenMFANotFoundException",
			"TooManyRequestsException", "UserNotConfirmedException", "UserNotFoundException"),
		"SetUserMFAPreference": with(map[string]told{
			"InvalidParameterException": conflict,
			"NotAuthorizedException":    appLinked,
			"UserNotFoundException":     appLinked,
		}, "ForbiddenException", "InternalErrorException", "OperationNotEnabledException", "PasswordResetRequiredException",
			"ResourceNotFoundException", "UserNotConfirmedException"),
	}
}

func TestEveryExceptionOfEveryOperationHasItsPage(t *testing.T) {
	for operation, exceptions := range exceptionTable() {
		for exception, want := range exceptions {
			t.Run(operation+"/"+exception, func(t *testing.T) {
				p := openPortal(t, optional)
				b := p.walkTo(operation, exception)
				p.pool.FailNext(operation, userpool.Fault{Kind: userpool.FaultException, Exception: exception, Message: rawText, Times: 5})
				b.submit(b.action)
				if want.path != "" {
					b.at(want.path)
				}
				b.status(want.status).text("main", want.words)
				if strings.Contains(string(b.body), rawText) {
					t.Error("the service's own text is on the page")
				}
				if strings.Contains(p.log.String(), rawText) {
					t.Error("the service's own text is in the log")
				}
				if want.path == "" && want.status != http.StatusUnprocessableEntity {
					id := b.answer.Header.Get("X-Request-Id")
					b.text(".qrnote", id)
					if !strings.Contains(p.log.String(), id) {
						t.Error("the request's id is not in the log")
					}
				}
				if want.status == http.StatusServiceUnavailable && b.answer.Header.Get("Retry-After") == "" {
					t.Error("503 without Retry-After")
				}
				if spent := operation == "VerifySoftwareToken" || operation == "RespondToAuthChallenge"; spent {
					if n := strings.Count(p.calls(), operation); n != 1 {
						t.Errorf("%s was sent %d times: what it spends may be spent", operation, n)
					}
				}
			})
		}
	}
}

// walkTo brings a browser to the page whose form makes the portal call the operation, filled in.
func (p *portal) walkTo(operation, exception string) *prepared {
	p.t.Helper()
	b := p.browser()
	switch operation {
	case "InitiateAuth":
		p.addUser("ada", userpool.StateNew)
		b.get("/sign-in")
		return &prepared{b, "/sign-in", []string{"username", "ada", "password", password}}
	case "RespondToAuthChallenge":
		if strings.Contains(exception, "Password") { // what is said of a new password
			p.addUser("grace", userpool.StateTemporaryPassword)
			b.signIn("grace", password).at("/new-password")
			p.pool.ResetRequests()
			return &prepared{b, "/new-password", []string{"password", "New-Password-1", "again", "New-Password-1"}}
		}
		key := p.addUser("edsger", userpool.StateEnrolled)
		b.signIn("edsger", password).at("/challenge")
		p.pool.ResetRequests()
		return &prepared{b, "/challenge", []string{"code", p.code(key)}}
	case "AssociateSoftwareToken":
		p.addUser("ada", userpool.StateNew)
		b.signIn("ada", password).at("/authenticator")
		return &prepared{b, "/authenticator/start", nil}
	}
	p.addUser("ada", userpool.StateNew)
	b.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	return &prepared{b, "/set-up/verify", []string{"code", p.code(b.key())}}
}

// prepared is a browser with a form filled in.
type prepared struct {
	*browser
	action string
	fields []string
}

func (p *prepared) submit(action string) *browser { return p.browser.submit(action, p.fields...) }

// The table above is complete: it has exactly the exceptions that the SDK, which is made from the service model,
// tells apart for each operation.
func TestTheTableOfExceptionsIsTheServiceModels(t *testing.T) {
	const module = "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	found, err := build.Default.Import(module, ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(found.Dir, "deserializers.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for operation, table := range exceptionTable() {
		var listed []string
		for exception := range table {
			listed = append(listed, exception)
		}
		slices.Sort(listed)
		if modelled := exceptionsOf(file, operation); !slices.Equal(listed, modelled) {
			t.Errorf("%s: the table has\n%v, the service model\n%v", operation, listed, modelled)
		}
	}
}

func exceptionsOf(file *ast.File, operation string) []string {
	var names []string
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Name.Name != "awsAwsjson11_deserializeOpError"+operation {
			continue
		}
		ast.Inspect(function, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && strings.HasSuffix(text, "Exception") {
					names = append(names, text)
				}
			}
			return true
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}
