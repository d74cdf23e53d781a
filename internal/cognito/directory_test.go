package cognito_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

const password = "Correct-Horse-9"

// deskWorld is a Directory in front of the embedded pool.
type deskWorld struct {
	*testing.T

	pool      *userpool.Pool
	api       *cip.Client
	directory *cognito.Directory
}

func openDesk(t *testing.T, options userpool.Options) *deskWorld {
	t.Helper()
	pool, err := userpool.New(options)
	if err != nil {
		t.Fatal(err)
	}
	info := pool.Info()
	settings := aws.Config{
		Region: info.Region, BaseEndpoint: aws.String("http://pool.test"), HTTPClient: &http.Client{Transport: pool.Transport()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: info.AccessKeyID, SecretAccessKey: info.SecretAccessKey}, nil
		}),
	}
	return &deskWorld{
		T: t, pool: pool, api: cip.NewFromConfig(settings),
		directory: cognito.NewDirectory(cognito.Options{AWS: settings, UserPoolID: info.UserPoolID, Now: time.Now}),
	}
}

func (w *deskWorld) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("got %v, want success", err)
	}
}

func (w *deskWorld) add(u userpool.User) {
	w.Helper()
	u.Password = password
	if u.State == userpool.StateExternal {
		u.Password = ""
	}
	w.ok(w.pool.AddUser(u))
}

func TestDirectoryReadsAccounts(t *testing.T) {
	w := openDesk(t, userpool.Options{})
	w.add(userpool.User{Username: "ada", State: userpool.StateEnrolled, Attributes: map[string]string{
		"email": "ada@example.test", "email_verified": "true", "phone_number": "+15550100", "given_name": "Ada", "family_name": "Lovelace", "locale": "de",
	}})
	w.add(userpool.User{Username: "bob", State: userpool.StateTemporaryPassword})
	w.add(userpool.User{Username: "Google_1", State: userpool.StateExternal})
	ada, err := w.directory.Account(t.Context(), "ada")
	w.ok(err)
	if ada.Username != "ada" || ada.Name != "Ada Lovelace" || ada.Email != "ada@example.test" || !ada.EmailVerified || ada.Phone != "+15550100" ||
		ada.PhoneVerified || ada.Locale != "de" || !ada.Enabled || ada.Status != helpdesk.StatusConfirmed || ada.Created.IsZero() ||
		!ada.MethodsKnown || !slices.Equal(ada.Methods, []enroll.Method{enroll.MethodApp}) || !ada.HasApp() || ada.Federated() {
		t.Errorf("got %+v", ada)
	}
	bySub, err := w.directory.Account(t.Context(), ada.Sub)
	if err != nil || bySub.Username != "ada" {
		t.Errorf("by sub: %+v, %v", bySub, err)
	}
	bob, err := w.directory.Account(t.Context(), "bob")
	if err != nil || bob.Status != helpdesk.StatusTemporaryPassword || bob.HasApp() || !bob.MethodsKnown {
		t.Errorf("got %+v, %v", bob, err)
	}
	found, err := w.directory.Find(t.Context(), helpdesk.ByUsername, "Google_1", 10)
	w.ok(err)
	if len(found) != 1 || !found[0].Federated() || found[0].MethodsKnown {
		t.Fatalf("got %+v", found)
	}
	for _, name := range []string{"nobody", "00000000-0000-0000-0000-000000000000"} {
		if _, err := w.directory.Account(t.Context(), name); helpdesk.KindOf(err) != helpdesk.NoSuchAccount {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDirectoryReadsEveryPage(t *testing.T) {
	w := openDesk(t, userpool.Options{})
	var groups []string
	for i := range 65 {
		groups = append(groups, "group-"+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	w.add(userpool.User{Username: "ada", Groups: groups})
	for i := range 65 {
		w.add(userpool.User{Username: "user-" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Groups: []string{"everybody"}, Attributes: map[string]string{"name": "Smith"}})
	}
	got, err := w.directory.Groups(t.Context(), "ada")
	if err != nil || len(got) != 65 {
		t.Errorf("%d groups, %v", len(got), err)
	}
	names, next, err := w.directory.Members(t.Context(), "everybody", "")
	w.ok(err)
	more, last, err := w.directory.Members(t.Context(), "everybody", next)
	if err != nil || len(names)+len(more) != 65 || last != "" {
		t.Errorf("%d and %d members, %q, %v", len(names), len(more), last, err)
	}
	if names, next, err := w.directory.Members(t.Context(), "no-such-group", ""); err != nil || len(names) != 0 || next != "" {
		t.Errorf("members of no group: %v %q %v", names, next, err)
	}
	for limit, want := range map[int]int{1: 1, 60: 60, 100: 65} {
		if found, err := w.directory.Find(t.Context(), helpdesk.ByName, "Smi", limit); err != nil || len(found) != want {
			t.Errorf("limit %d: %d found, %v", limit, len(found), err)
		}
	}
}

// TestExceptionsMeanSomething maps every exception that the operations model, and what stands in front of the service.
func TestExceptionsMeanSomething(t *testing.T) {
	exception := func(name string) userpool.Fault {
		return userpool.Fault{Kind: userpool.FaultException, Exception: name, Message: "secret words of the service", Times: 2}
	}
	for name, test := range map[string]struct {
		fault userpool.Fault
		want  helpdesk.Kind
	}{
		"UserNotFoundException":               {exception("UserNotFoundException"), helpdesk.NoSuchAccount},
		"ResourceNotFoundException":           {exception("ResourceNotFoundException"), helpdesk.PoolCannot},
		"InvalidParameterException":           {exception("InvalidParameterException"), helpdesk.BadInput},
		"NotAuthorizedException":              {exception("NotAuthorizedException"), helpdesk.PoolRefused},
		"AccessDeniedException":               {exception("AccessDeniedException"), helpdesk.PoolRefused},
		"UnrecognizedClientException":         {exception("UnrecognizedClientException"), helpdesk.PoolRefused},
		"InvalidSignatureException":           {exception("InvalidSignatureException"), helpdesk.PoolRefused},
		"ExpiredTokenException":               {exception("ExpiredTokenException"), helpdesk.PoolRefused},
		"MissingAuthenticationTokenException": {exception("MissingAuthenticationTokenException"), helpdesk.PoolRefused},
		"TooManyRequestsException":            {exception("TooManyRequestsException"), helpdesk.PoolBusy},
		"LimitExceededException":              {exception("LimitExceededException"), helpdesk.PoolBusy},
		"ThrottlingException":                 {exception("ThrottlingException"), helpdesk.PoolBusy},
		"OperationNotEnabledException":        {exception("OperationNotEnabledException"), helpdesk.PoolCannot},
		"UnknownOperationException":           {exception("UnknownOperationException"), helpdesk.PoolCannot},
		"UnsupportedOperationException":       {exception("UnsupportedOperationException"), helpdesk.PoolCannot},
		"SomethingNewException":               {exception("SomethingNewException"), helpdesk.PoolDown},
		"internal":                            {userpool.Fault{Kind: userpool.FaultInternal, Times: 2}, helpdesk.PoolDown},
		"HTML":                                {userpool.Fault{Kind: userpool.FaultHTML, Times: 2}, helpdesk.PoolDown},
		"malformed":                           {userpool.Fault{Kind: userpool.FaultMalformed, Times: 2}, helpdesk.PoolDown},
		"cut":                                 {userpool.Fault{Kind: userpool.FaultCutAfter, Times: 2}, helpdesk.PoolDown},
		"firewall":                            {userpool.Fault{Kind: userpool.FaultWAF, Times: 2}, helpdesk.PoolRefused},
		"firewall's page":                     {userpool.Fault{Kind: userpool.FaultWAFHTML, Times: 2}, helpdesk.PoolRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openDesk(t, userpool.Options{})
			w.add(userpool.User{Username: "ada"})
			w.pool.FailNext("AdminGetUser", test.fault)
			_, err := w.directory.Account(t.Context(), "ada")
			if helpdesk.KindOf(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret words") {
				t.Errorf("%v repeats the service's words", err)
			}
		})
	}
}

func TestDropApp(t *testing.T) {
	for name, test := range map[string]struct {
		pool  userpool.Options
		user  userpool.State
		fault userpool.Fault
		want  helpdesk.Dropped
		kind  helpdesk.Kind
	}{
		"an app":                   {userpool.Options{}, userpool.StateEnrolled, userpool.Fault{}, helpdesk.DroppedApp, 0},
		"none":                     {userpool.Options{}, userpool.StateNew, userpool.Fault{}, helpdesk.DroppedNothing, 0},
		"not confirmed":            {userpool.Options{}, userpool.StateUnconfirmed, userpool.Fault{}, helpdesk.DroppedNothing, 0},
		"unknown, optional":        {userpool.Options{MFA: userpool.MFAOptional, Switches: userpool.Switches{NoDeleteSoftwareToken: true}}, userpool.StateEnrolled, userpool.Fault{}, helpdesk.DroppedOff, 0},
		"unknown, required":        {userpool.Options{Switches: userpool.Switches{NoDeleteSoftwareToken: true}}, userpool.StateEnrolled, userpool.Fault{}, helpdesk.DroppedNot, 0},
		"denied, optional":         {userpool.Options{MFA: userpool.MFAOptional}, userpool.StateEnrolled, denied(), helpdesk.DroppedOff, 0},
		"denied, required":         {userpool.Options{}, userpool.StateEnrolled, denied(), "", helpdesk.PoolRefused},
		"a replica":                {userpool.Options{MFA: userpool.MFAOptional}, userpool.StateEnrolled, userpool.Fault{Kind: userpool.FaultException, Exception: "OperationNotEnabledException"}, helpdesk.DroppedOff, 0},
		"no such pool":             {userpool.Options{}, userpool.StateEnrolled, userpool.Fault{Kind: userpool.FaultException, Exception: "ResourceNotFoundException", Message: "User pool x does not exist."}, helpdesk.DroppedNot, 0},
		"busy":                     {userpool.Options{}, userpool.StateEnrolled, userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 2}, "", helpdesk.PoolBusy},
		"the first answer is lost": {userpool.Options{}, userpool.StateEnrolled, userpool.Fault{Kind: userpool.FaultCutAfter}, helpdesk.DroppedNothing, 0},
		"no answer at all":         {userpool.Options{}, userpool.StateEnrolled, userpool.Fault{Kind: userpool.FaultCutBefore, Times: 2}, "", helpdesk.PoolDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openDesk(t, test.pool)
			w.add(userpool.User{Username: "ada", State: test.user})
			if test.fault.Kind != "" {
				w.pool.FailNext("AdminDeleteSoftwareToken", test.fault)
			}
			got, err := w.directory.DropApp(t.Context(), "ada")
			if got != test.want || helpdesk.KindOf(err) != test.kind || (err != nil) != (test.kind != 0) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
	w := openDesk(t, userpool.Options{})
	if _, err := w.directory.DropApp(t.Context(), "nobody"); helpdesk.KindOf(err) != helpdesk.NoSuchAccount {
		t.Errorf("nobody: %v", err)
	}
}

func denied() userpool.Fault {
	return userpool.Fault{Kind: userpool.FaultException, Exception: "AccessDeniedException"}
}

func TestDevicesAndSessions(t *testing.T) {
	w := openDesk(t, userpool.Options{MFA: userpool.MFAOptional})
	w.add(userpool.User{Username: "ada"})
	if devices, err := w.directory.Devices(t.Context(), "ada"); err != nil || len(devices) != 0 {
		t.Errorf("a pool that tracks none: %v, %v", devices, err)
	}
	info := w.pool.Info()
	_, err := w.api.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{
		UserPoolId: &info.UserPoolID, MfaConfiguration: types.UserPoolMfaTypeOptional, DeviceConfiguration: &types.DeviceConfigurationType{},
	})
	w.ok(err)
	out, err := w.api.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &info.ClientID, AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password},
	})
	w.ok(err)
	_, err = w.api.ConfirmDevice(t.Context(), &cip.ConfirmDeviceInput{
		AccessToken: out.AuthenticationResult.AccessToken, DeviceKey: out.AuthenticationResult.NewDeviceMetadata.DeviceKey,
		DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{Salt: aws.String("c2l4dGVlbiBieXRlcyE="), PasswordVerifier: aws.String("BwcHBwcHBwcHBwcHBwcHBw==")},
	})
	w.ok(err)
	devices, err := w.directory.Devices(t.Context(), "ada")
	w.ok(err)
	if len(devices) != 1 {
		t.Fatalf("devices %v", devices)
	}
	for range 2 { // said again
		w.ok(w.directory.ForgetDevice(t.Context(), "ada", devices[0]))
	}
	if devices, err := w.directory.Devices(t.Context(), "ada"); err != nil || len(devices) != 0 {
		t.Errorf("left: %v, %v", devices, err)
	}
	w.ok(w.directory.SignOut(t.Context(), "ada"))
	_, err = w.api.GetUser(t.Context(), &cip.GetUserInput{AccessToken: out.AuthenticationResult.AccessToken})
	if _, ok := errors.AsType[*types.NotAuthorizedException](err); !ok {
		t.Errorf("after signing out: %v", err)
	}
	if err := w.directory.SignOut(t.Context(), "nobody"); helpdesk.KindOf(err) != helpdesk.NoSuchAccount {
		t.Errorf("nobody: %v", err)
	}
}

func TestLastSignIn(t *testing.T) {
	w := openDesk(t, userpool.Options{MFA: userpool.MFAOptional})
	w.add(userpool.User{Username: "ada"})
	if _, known, err := w.directory.LastSignIn(t.Context(), "ada", time.Now()); err != nil || known {
		t.Errorf("without threat protection: %t, %v", known, err)
	}
	w.pool.SetSwitches(userpool.Switches{AuthEvents: true})
	if at, known, err := w.directory.LastSignIn(t.Context(), "ada", time.Now()); err != nil || !known || !at.IsZero() {
		t.Errorf("never: %v %t, %v", at, known, err)
	}
	info := w.pool.Info()
	signIn := func(secret string) {
		_, _ = w.api.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &info.ClientID, AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": secret},
		})
	}
	signIn("wrong")
	if at, known, err := w.directory.LastSignIn(t.Context(), "ada", time.Now().Add(time.Hour)); err != nil || !known || !at.IsZero() {
		t.Errorf("a wrong password: %v %t, %v", at, known, err)
	}
	signIn(password)
	at, known, err := w.directory.LastSignIn(t.Context(), "ada", time.Now().Add(time.Hour))
	if err != nil || !known || time.Since(at) > time.Minute {
		t.Errorf("got %v %t, %v", at, known, err)
	}
	if before, _, err := w.directory.LastSignIn(t.Context(), "ada", at); err != nil || !before.IsZero() {
		t.Errorf("before that: %v, %v", before, err)
	}
}
