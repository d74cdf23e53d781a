package doctor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/doctor"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/userpool"
)

// sharedKeys are generated once for all tests of the package.
var sharedKeys *userpool.Keys

func TestMain(m *testing.M) {
	sharedKeys = userpool.NewKeys()
	os.Exit(m.Run())
}

// patient is an embedded pool, the portal's settings for it, and the SDK in between.
type patient struct {
	t      *testing.T
	pool   *userpool.Pool
	info   userpool.Info
	aws    aws.Config
	secret string
	opts   doctor.Options

	ignored string // the one finding that a sound pool may have: it cannot be seen
}

const callback = "https://mfa.example.com/sign-in/oauth/callback"

// sound is a pool without a fault, and a portal that knows it.
func sound(t *testing.T, change ...func(*userpool.Options)) *patient {
	t.Helper()
	options := userpool.Options{
		Region: "eu-central-1", SessionValidity: 15 * time.Minute, PreventUserExistenceErrors: true, SMS: true, Keys: sharedKeys,
	}
	for _, c := range change {
		c(&options)
	}
	pool, err := userpool.New(options)
	if err != nil {
		t.Fatal(err)
	}
	info := pool.Info()
	p := &patient{t: t, pool: pool, info: info, opts: doctor.Options{
		Region: info.Region, UserPoolID: info.UserPoolID, ClientID: info.ClientID, Flows: []string{"USER_PASSWORD_AUTH"},
		SessionValidity: 15 * time.Minute,
		PasswordPolicy:  doctor.PasswordPolicy{MinLength: 8, Upper: true, Lower: true, Number: true, Symbol: true},
		Portal:          portal{},
	}}
	p.aws = aws.Config{
		Region: info.Region, BaseEndpoint: aws.String("http://pool.test"), HTTPClient: &http.Client{Transport: pool.Transport()},
		Credentials: keyPair(info.AccessKeyID, info.SecretAccessKey),
	}
	return p
}

func keyPair(id, key string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: key}, nil
	})
}

// examine visits the patient as it is now.
func (p *patient) examine() doctor.Report {
	p.t.Helper()
	p.opts.ClientSecret = p.secret != ""
	p.opts.Pool = cognito.NewInspector(cognito.Options{
		AWS: p.aws, UserPoolID: p.opts.UserPoolID, ClientID: p.opts.ClientID, ClientSecret: secret.New(p.secret), Now: time.Now,
	})
	return doctor.Examine(p.t.Context(), p.opts)
}

// unsigned takes the IAM credentials away.
func (p *patient) unsigned() { p.aws.Credentials = nil }

// admin is the SDK with the pool's own IAM credentials, to misconfigure it with.
func (p *patient) admin() *cip.Client { return cip.NewFromConfig(p.aws) }

// client changes the portal's app client.
func (p *patient) client(change func(*cip.UpdateUserPoolClientInput)) {
	p.t.Helper()
	input := &cip.UpdateUserPoolClientInput{
		UserPoolId: aws.String(p.info.UserPoolID), ClientId: aws.String(p.opts.ClientID), AuthSessionValidity: aws.Int32(15),
		PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
		ExplicitAuthFlows:          []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}
	change(input)
	_, err := p.admin().UpdateUserPoolClient(p.t.Context(), input)
	p.must(err)
}

// secretClient makes the app client with a secret the portal's, misconfigured the same way as the other.
func (p *patient) secretClient(given string) {
	p.t.Helper()
	p.opts.ClientID, p.secret = p.info.SecretClientID, given
}

func (p *patient) mfa(mode types.UserPoolMfaType, apps, sms bool) {
	p.t.Helper()
	input := &cip.SetUserPoolMfaConfigInput{UserPoolId: aws.String(p.info.UserPoolID), MfaConfiguration: mode}
	input.SoftwareTokenMfaConfiguration = &types.SoftwareTokenMfaConfigType{Enabled: apps}
	if sms {
		input.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsAuthenticationMessage: aws.String("{####}")}
	}
	_, err := p.admin().SetUserPoolMfaConfig(p.t.Context(), input)
	p.must(err)
}

func (p *patient) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// fail makes every later call of an operation fail in one way.
func (p *patient) fail(operation string, fault userpool.Fault) {
	fault.Times = 99
	p.pool.FailNext(operation, fault)
}

func (p *patient) refuse(exception string, operations ...string) {
	for _, operation := range operations {
		p.fail(operation, userpool.Fault{Kind: userpool.FaultException, Exception: exception, Message: "secret text of the service"})
	}
}

// transport makes every connection fail with an error, as the network does.
func (p *patient) transport(err error) {
	p.aws.HTTPClient = &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err },
	}}
}

// portal is a portal that always answers the same.
type portal struct{ usual, largest doctor.Visit }

func (p portal) Visit(_ context.Context, largest bool) doctor.Visit {
	visit := p.usual
	if largest {
		visit = p.largest
	}
	if visit == (doctor.Visit{}) {
		visit = doctor.Visit{Healthy: true, Status: 200}
	}
	visit.URL, visit.Cookie = "https://mfa.example.com/healthz", 5000
	return visit
}

// outcome is every finding that is not ok, as "severity id", in a fixed order.
func outcome(report doctor.Report) string {
	var all []string
	for _, f := range report.Findings {
		if f.Severity != doctor.OK {
			all = append(all, string(f.Severity)+" "+f.ID)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestASoundPoolHasNoFinding(t *testing.T) {
	for what, change := range map[string]func(p *patient){
		"MFA required":           func(*patient) {},
		"MFA optional":           func(p *patient) { p.mfa("OPTIONAL", true, false); p.opts.MFAOptional = true },
		"an app client's secret": func(p *patient) { p.secretClient(p.info.SecretClientSecret) },
		"SRP":                    func(p *patient) { p.opts.Flows = []string{"USER_SRP_AUTH"} },
		"USER_AUTH":              func(p *patient) { p.opts.Flows = []string{"USER_AUTH"} },
		"OAuth with the scope": func(p *patient) {
			p.client(func(in *cip.UpdateUserPoolClientInput) {
				in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = true, []types.OAuthFlowType{"code"}
				in.CallbackURLs, in.AllowedOAuthScopes = []string{callback}, []string{"openid", "aws.cognito.signin.user.admin"}
				in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_REFRESH_TOKEN_AUTH"}
			})
			p.opts.CallbackURL, p.opts.OAuthOnly = callback, true
			p.ignored = "secret" // no password flow comes so far
		},
		"a clock three seconds off": func(p *patient) {
			p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultDate, Skew: 3 * time.Second})
		},
		"a trigger that refuses strangers":  func(p *patient) { p.refuse("UserLambdaValidationException", "InitiateAuth") },
		"flow names of before 2019":         func(p *patient) { p.flows("USER_PASSWORD_AUTH") },
		"a pool without device tracking":    func(p *patient) { p.refuse("InvalidParameterException", "AdminListDevices") },
		"one throttled answer among others": func(p *patient) { p.pool.FailNext("InitiateAuth", throttled()) },
	} {
		t.Run(what, func(t *testing.T) {
			p := sound(t)
			change(p)
			report := p.examine()
			if got := outcome(report); got != "" && got != "unseen "+p.ignored || report.Verdict() != doctor.OK {
				t.Errorf("findings %q, want none", got)
			}
		})
	}
}

func throttled() userpool.Fault {
	return userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException"}
}

func (p *patient) flows(flows ...types.ExplicitAuthFlowsType) {
	p.t.Helper()
	p.client(func(in *cip.UpdateUserPoolClientInput) { in.ExplicitAuthFlows = flows })
}

// Each pool is misconfigured in one way, and has that finding alone.
func TestEachFaultHasItsFinding(t *testing.T) {
	for _, test := range []struct {
		what string
		make func(p *patient)
		want string
		mend string // part of what the finding says to do
	}{
		// The pool.
		{"MFA off", func(p *patient) { p.mfa("OFF", false, false) }, "fault mfa", "OPTIONAL"},
		{"MFA required, the portal told otherwise", func(p *patient) { p.opts.MFAOptional = true }, "advice mfa-setting", "COGNITO_MFA=on"},
		{"MFA optional, the portal told otherwise", func(p *patient) { p.mfa("OPTIONAL", true, false) }, "advice mfa-setting", "COGNITO_MFA=optional"},
		{"authenticator apps off", func(p *patient) { p.mfa("ON", false, true) }, "fault totp", "SoftwareTokenMfaConfiguration.Enabled = true"},
		{"another password policy", func(p *patient) { p.opts.PasswordPolicy.MinLength = 12 }, "advice password-policy", "PORTAL_PASSWORD_POLICY=8,upper,lower,number,symbol"},
		{
			"no such pool", func(p *patient) { p.opts.UserPoolID = "eu-central-1_Mistyped0" },
			"fault pool, unseen help-desk, unseen membership, unseen mfa, unseen mfa-setting, unseen password-policy, unseen revocation, unseen scope, unseen session-validity, unseen totp", "list-user-pools",
		},
		{"another region", func(p *patient) { p.opts.Region = "us-east-1" }, "fault region, unseen rest", "AWS_REGION=eu-central-1"},

		// The help desk.
		{"a help desk that nobody has to ask", func(p *patient) { p.opts.HelpDesk, p.opts.DeskPolicy = true, "open" }, "advice desk-policy", "PORTAL_DESK_POLICY=auto"},
		{"links without characters", func(p *patient) { p.opts.HelpDesk, p.opts.DeskPolicy, p.opts.NameOpens = true, "auto", true }, "advice link-piece", "PORTAL_LINK_PIECE=spoken"},

		// The app client.
		{
			"no such app client", func(p *patient) { p.opts.ClientID = "mistyped" },
			"fault client, unseen existence, unseen flow, unseen membership, unseen revocation, unseen scope, unseen secret, unseen session-validity", "COGNITO_CLIENT_ID",
		},
		{"app client of another pool", (*patient).elsewhere, "fault membership, unseen revocation, unseen scope, unseen session-validity", "COGNITO_USER_POOL_ID"},
		{"password flow off", func(p *patient) { p.flows("ALLOW_USER_SRP_AUTH") }, "fault flow, unseen secret", "ALLOW_USER_PASSWORD_AUTH"},
		{"SRP off", func(p *patient) { p.flows("ALLOW_USER_PASSWORD_AUTH"); p.opts.Flows = []string{"USER_SRP_AUTH"} }, "fault flow, unseen secret", "ALLOW_USER_SRP_AUTH"},
		{"SRP off, password flow as second best", func(p *patient) {
			p.flows("ALLOW_USER_PASSWORD_AUTH")
			p.opts.Flows = []string{"USER_SRP_AUTH", "USER_PASSWORD_AUTH"}
		}, "advice flow", "ALLOW_USER_SRP_AUTH"},
		{"session of 3 minutes", func(p *patient) { p.validity(3); p.opts.SessionValidity = 3 * time.Minute }, "advice session-validity", "AuthSessionValidity = 15"},
		{"session shorter than the portal says", func(p *patient) { p.validity(5) }, "fault session-validity", "AuthSessionValidity = 15"},
		{"session longer than the portal says", func(p *patient) { p.opts.SessionValidity = 3 * time.Minute }, "advice session-validity", "COGNITO_AUTH_SESSION_VALIDITY=15"},
		{"token revocation off", func(p *patient) {
			p.client(func(in *cip.UpdateUserPoolClientInput) { in.EnableTokenRevocation = aws.Bool(false) })
		}, "advice revocation", "EnableTokenRevocation = true"},
		{"user names told", func(p *patient) {
			p.client(func(in *cip.UpdateUserPoolClientInput) { in.PreventUserExistenceErrors = "LEGACY" })
		}, "advice existence", `PreventUserExistenceErrors = "ENABLED"`},
		{"OAuth without the scope", func(p *patient) { p.oauth("openid") }, "advice scope", "aws.cognito.signin.user.admin"},
		{"OAuth wanted without the scope", func(p *patient) { p.oauth("openid"); p.opts.CallbackURL = callback }, "fault scope", "aws.cognito.signin.user.admin"},
		{"OAuth wanted and off", func(p *patient) { p.opts.CallbackURL = callback }, "fault callback, fault scope", "AllowedOAuthFlowsUserPoolClient = true"},
		{"another callback URL", func(p *patient) {
			p.oauth("openid", "aws.cognito.signin.user.admin")
			p.opts.CallbackURL = "https://mfa.example.com/elsewhere"
		}, "fault callback", "https://mfa.example.com/elsewhere"},
		{"secret not given", func(p *patient) { p.secretClient("") }, "fault secret", "Set COGNITO_CLIENT_SECRET"},
		{"another secret", func(p *patient) { p.secretClient("wrong0secret0wrong0secret") }, "fault secret", "Copy the secret"},
		{"secret of a client without one", func(p *patient) { p.secret = "surplus0secret0surplus0" }, "fault secret", "Unset COGNITO_CLIENT_SECRET"},
		{"password flow off, and the secret missing", func(p *patient) { p.secretClient(""); p.flows("ALLOW_USER_SRP_AUTH") }, "fault flow, fault secret", ""},

		// What stands between.
		{"firewall", func(p *patient) { p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultWAF}) }, "fault firewall, unseen secret", "x-amzn-cognito-operation-name"},
		{"firewall with a page of its own", func(p *patient) { p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultWAFHTML}) }, "fault firewall, unseen secret", ""},
		{"CAPTCHA on one operation", func(p *patient) { p.fail("AssociateSoftwareToken", userpool.Fault{Kind: userpool.FaultWAFHTML}) }, "fault firewall", ""},
		{"one operation broken", func(p *patient) { p.fail("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultHTML}) }, "unseen firewall", "Run the doctor again"},
		{"gateway's error page", func(p *patient) { p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultHTML}) }, "fault reach, unseen rest", "Health Dashboard"},
		{"service's own fault", func(p *patient) { p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultInternal}) }, "fault reach, unseen rest", "Health Dashboard"},
		{"connection cut", func(p *patient) { p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultCutBefore}) }, "fault reach, unseen rest", "drops packets"},
		{"no such host", func(p *patient) { p.transport(&net.DNSError{Name: "pool.test", IsNotFound: true}) }, "fault reach, unseen rest", "AWS_REGION"},
		{"no route", func(p *patient) { p.transport(&net.OpError{Op: "dial", Err: errors.New("no route to host")}) }, "fault reach, unseen rest", "port 443"},
		{"certificate of a stranger", (*patient).stranger, "fault reach, unseen rest", "trust store"},
		{"something else at the endpoint", func(p *patient) { p.serve(http.NotFoundHandler()) }, "fault reach, unseen rest", "AWS_ENDPOINT_URL"},
		{"endpoint that knows no TOTP", func(p *patient) { p.refuse("UnknownOperationException", "VerifySoftwareToken") }, "fault operation", "embedded pool"},
		{"throttled", func(p *patient) { p.fail("InitiateAuth", throttled()) }, "advice throttle, unseen secret", "CloudWatch"},
		{"broken trigger", func(p *patient) { p.refuse("UnexpectedLambdaException", "InitiateAuth") }, "fault trigger", "CloudWatch"},
		{"unheard-of refusal", func(p *patient) { p.refuse("RiddleException", "InitiateAuth") }, "fault sign-in, unseen secret", "API reference"},
		{"clock 20 seconds off", func(p *patient) {
			p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultDate, Skew: 20 * time.Second})
		}, "advice clock", "chrony"},
		{"clock five minutes off", func(p *patient) {
			p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultDate, Skew: -5 * time.Minute})
		}, "fault clock", "chrony"},
		{"proxy with small header limits", func(p *patient) { p.opts.Portal = portal{largest: doctor.Visit{Status: 431}} }, "fault proxy", "large_client_header_buffers"},
		{"proxy that does not pass Host on", func(p *patient) {
			p.opts.Portal = portal{usual: doctor.Visit{Status: 200, Healthy: true, Renamed: true}}
		}, "fault proxy", "proxy_set_header Host"},
		{"portal not started", func(p *patient) { p.opts.Portal = portal{usual: doctor.Visit{Seen: "connection refused"}} }, "unseen proxy", "Start the portal"},
		{"somebody else at the public address", func(p *patient) { p.opts.Portal = portal{usual: doctor.Visit{Status: 404}} }, "unseen proxy", "PORTAL_PUBLIC_URL"},
		{"no public address", func(p *patient) { p.opts.Portal = nil }, "unseen proxy", "Set it"},

		// IAM.
		{
			"no credentials", (*patient).unsigned,
			"unseen credentials, unseen help-desk, unseen membership, unseen mfa, unseen mfa-setting, unseen password-policy, unseen revocation, unseen scope, unseen session-validity, unseen totp", "AWS_PROFILE",
		},
		{
			"credentials of a stranger", func(p *patient) { p.aws.Credentials = keyPair("STRANGER", "key") },
			"advice credentials, unseen help-desk, unseen membership, unseen mfa, unseen mfa-setting, unseen password-policy, unseen revocation, unseen scope, unseen session-validity, unseen totp", "get-caller-identity",
		},
		{
			"may not describe the app client", func(p *patient) { p.refuse("AccessDeniedException", "DescribeUserPoolClient") },
			"unseen membership, unseen revocation, unseen scope, unseen session-validity", "",
		},
		{"may not describe the pool", func(p *patient) { p.refuse("AccessDeniedException", "DescribeUserPool") }, "unseen password-policy", ""},
		{"may not reset", func(p *patient) {
			p.refuse("AccessDeniedException", "AdminDeleteSoftwareToken", "AdminUserGlobalSignOut")
		}, "advice help-desk", "arn:aws:cognito-idp:eu-central-1:"},
		{"no AdminDeleteSoftwareToken", func(p *patient) { p.refuse("UnknownOperationException", "AdminDeleteSoftwareToken") }, "advice reset", "optional"},

		// What unsigned calls tell without IAM.
		{"user names told, no IAM", func(p *patient) {
			p.client(func(in *cip.UpdateUserPoolClientInput) { in.PreventUserExistenceErrors = "LEGACY" })
			p.unsigned()
		}, "advice existence, " + withoutIAM, ""},
		{"user names told by SRP, no IAM", func(p *patient) {
			p.client(func(in *cip.UpdateUserPoolClientInput) { in.PreventUserExistenceErrors = "LEGACY" })
			p.opts.Flows = []string{"USER_SRP_AUTH"}
			p.unsigned()
		}, "advice existence, " + withoutIAM, ""},
		{"revocation off, no IAM", func(p *patient) {
			p.client(func(in *cip.UpdateUserPoolClientInput) { in.EnableTokenRevocation = aws.Bool(false) })
			p.unsigned()
		}, "advice revocation, " + strings.Replace(withoutIAM, "unseen revocation, ", "", 1), ""},
		{"no such pool, no IAM", func(p *patient) { p.opts.UserPoolID = "eu-central-1_Mistyped0"; p.unsigned() }, "fault pool, " + withoutIAM, ""},
		{
			"no such app client, no IAM", func(p *patient) { p.opts.ClientID = "mistyped"; p.unsigned() },
			"fault client, unseen credentials, unseen existence, unseen flow, unseen help-desk, unseen membership, unseen mfa, unseen mfa-setting, unseen password-policy, unseen revocation, unseen scope, unseen secret, unseen session-validity, unseen totp", "",
		},
		{
			"firewall, no IAM", func(p *patient) { p.fail("InitiateAuth", userpool.Fault{Kind: userpool.FaultWAF}); p.unsigned() },
			"fault firewall, unseen client, unseen credentials, unseen existence, unseen flow, unseen help-desk, unseen membership, unseen mfa, unseen mfa-setting, unseen password-policy, unseen revocation, unseen scope, unseen secret, unseen session-validity, unseen totp", "",
		},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			p := sound(t)
			test.make(p)
			report := p.examine()
			if got := outcome(report); got != test.want {
				t.Errorf("findings\n got %s\nwant %s", got, test.want)
			}
			mends, seen := "", map[string]bool{}
			for _, f := range report.Findings {
				if f.What == "" || (f.Severity == doctor.Fault || f.Severity == doctor.Advice) && f.Mend == "" {
					t.Errorf("%s says nothing, or nothing to do: %+v", f.ID, f)
				}
				if seen[f.ID] {
					t.Errorf("%s occurs twice", f.ID)
				}
				seen[f.ID] = true
				mends += f.Mend + f.Command
				for _, forbidden := range []string{p.info.SecretAccessKey, p.info.SecretClientSecret, p.secret, "secret text"} {
					if forbidden != "" && strings.Contains(f.What+f.Mend+f.Command, forbidden) {
						t.Errorf("%s prints a secret: %+v", f.ID, f)
					}
				}
			}
			if !strings.Contains(mends, test.mend) {
				t.Errorf("no %q among the mends: %s", test.mend, mends)
			}
		})
	}
}

const withoutIAM = "unseen credentials, unseen help-desk, unseen membership, unseen mfa, unseen mfa-setting, unseen password-policy, unseen revocation, unseen scope, unseen session-validity, unseen totp"

func (p *patient) validity(minutes int32) {
	p.t.Helper()
	p.client(func(in *cip.UpdateUserPoolClientInput) { in.AuthSessionValidity = aws.Int32(minutes) })
}

func (p *patient) oauth(scopes ...string) {
	p.t.Helper()
	p.client(func(in *cip.UpdateUserPoolClientInput) {
		in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = true, []types.OAuthFlowType{"code"}
		in.CallbackURLs, in.AllowedOAuthScopes = []string{callback}, scopes
	})
}

// elsewhere gives the portal an app client of a second pool.
func (p *patient) elsewhere() {
	p.t.Helper()
	other, err := p.admin().CreateUserPool(p.t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("other")})
	p.must(err)
	client, err := p.admin().CreateUserPoolClient(p.t.Context(), &cip.CreateUserPoolClientInput{
		UserPoolId: other.UserPool.Id, ClientName: aws.String("other"), PreventUserExistenceErrors: "ENABLED",
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"},
	})
	p.must(err)
	p.opts.ClientID = *client.UserPoolClient.ClientId
}

// serve puts something else in the pool's place.
func (p *patient) serve(handler http.Handler) {
	server := httptest.NewServer(handler)
	p.t.Cleanup(server.Close)
	p.aws.BaseEndpoint, p.aws.HTTPClient = aws.String(server.URL), server.Client()
}

// stranger puts a TLS server whose authority nobody knows in the pool's place.
func (p *patient) stranger() {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = nil
	server.StartTLS()
	p.t.Cleanup(server.Close)
	p.aws.BaseEndpoint = aws.String(server.URL)
	p.aws.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
}

// The examination asks, and changes nothing: not even the number of wrong passwords of anybody.
func TestNobodyIsTouched(t *testing.T) {
	p := sound(t)
	if err := p.pool.Seed(); err != nil {
		t.Fatal(err)
	}
	users := func() string {
		out, err := p.admin().ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: aws.String(p.info.UserPoolID)})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, u := range out.Users {
			all = append(all, *u.Username+" "+string(u.UserStatus)+" "+u.UserLastModifiedDate.String())
		}
		return strings.Join(all, "\n")
	}
	before := users()
	p.pool.ResetRequests()
	p.examine()
	if after := users(); after != before {
		t.Errorf("users before\n%s\nafter\n%s", before, after)
	}
	for _, r := range p.pool.Requests() {
		changes := !strings.HasPrefix(r.Operation, "Describe") && !strings.HasPrefix(r.Operation, "Get") && !strings.HasPrefix(r.Operation, "List")
		if r.Error == "" && changes && r.Operation != "RevokeToken" { // which answers a made-up token like a revoked one
			t.Errorf("%s succeeded", r.Operation)
		}
	}
}

// A search for credentials that nobody answers ends soon, and the examination with the context.
func TestItEndsWithTheContext(t *testing.T) {
	p := sound(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.aws.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the search for credentials has no deadline")
		}
		cancel()
		<-ctx.Done()
		return aws.Credentials{}, ctx.Err()
	})
	pool := cognito.NewInspector(cognito.Options{AWS: p.aws, UserPoolID: p.opts.UserPoolID, ClientID: p.opts.ClientID, Now: time.Now})
	if pool.HasCredentials(ctx) {
		t.Error("credentials were found")
	}
}
