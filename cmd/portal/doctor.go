package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/doctor"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/session"
)

const doctorUsage = `Usage: portal doctor [-json] [flags of "portal serve"]
       portal doctor -iam-policy    print what IAM must allow for the help desk, and nothing else

Tries the configured pool and says what stands in the way of enrollment, each finding with its mend. It changes nothing.

Exit status: 0 sound, 1 something breaks enrollment, 3 it works but could be better, 2 wrong use.
docs/doctor.md lists the findings.

`

// The exit statuses of the doctor, beside 0. They are documented in docs/doctor.md: scripts depend on them.
const (
	exitFault  exitStatus = 1
	exitUsage  exitStatus = 2
	exitAdvice exitStatus = 3
)

// exitStatus ends the program with a status; everything has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// examine is "portal doctor".
func examine(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	args = slices.Clone(args)
	asJSON, policy := takeFlag(&args, "json"), takeFlag(&args, "iam-policy")
	if slices.ContainsFunc(args, func(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }) {
		_, _ = io.WriteString(stderr, doctorUsage)
	}
	cfg, err := readConfig(args, lookupEnv, stderr)
	var faults interface{ Unwrap() []error }
	report := doctor.Report{}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return flag.ErrHelp
	case errors.As(err, &faults):
		report = misconfigured(cfg, faults.Unwrap())
	case err != nil: // flags, which the flag package has told already
		return exitUsage
	case policy:
		_, err := io.WriteString(stdout, doctor.HelpDeskPolicy(cfg.poolARN()))
		return err
	default:
		opts, err := doctorOptions(ctx, cfg)
		if err != nil {
			return err
		}
		report = doctor.Examine(ctx, opts)
		if ctx.Err() != nil {
			return fmt.Errorf("doctor: %w", ctx.Err())
		}
	}
	if err := printReport(stdout, report, asJSON); err != nil {
		return fmt.Errorf("doctor: %w", err)
	}
	switch report.Verdict() {
	case doctor.Fault:
		return exitFault
	case doctor.Advice:
		return exitAdvice
	case doctor.Unseen, doctor.OK:
	}
	return nil
}

// takeFlag removes a flag that is the doctor's alone, and reports whether it was there.
func takeFlag(args *[]string, name string) (found bool) {
	*args = slices.DeleteFunc(*args, func(arg string) bool {
		found = found || arg == "-"+name || arg == "--"+name
		return arg == "-"+name || arg == "--"+name
	})
	return found
}

// poolARN names the pool for IAM. Which account it is in is not among the settings: * is any, and the pool's id is one of
// a kind.
func (c config) poolARN() string {
	partition := "aws"
	for prefix, other := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov"} {
		if strings.HasPrefix(c.Region, prefix) {
			partition = other
		}
	}
	return "arn:" + partition + ":cognito-idp:" + c.Region + ":*:userpool/" + c.UserPoolID
}

// misconfigured is the report on settings that cannot be used, so that nothing can be asked with them.
func misconfigured(cfg config, faults []error) doctor.Report {
	report := doctor.Report{UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, Region: cfg.Region}
	var what []string
	for _, fault := range faults {
		what = append(what, fault.Error())
	}
	report.Findings = []doctor.Finding{
		{ID: "configuration", Severity: doctor.Fault, What: strings.Join(what, "\n"), Mend: `Correct these settings; "portal serve -h" and docs/configuration.md explain them.`},
		{ID: "rest", Severity: doctor.Unseen, What: "Nothing was asked of the pool.", Mend: "Mend that first, then run the doctor again."},
	}
	return report
}

// doctorOptions wires the doctor to the configured pool, or to an embedded one.
func doctorOptions(ctx context.Context, cfg config) (doctor.Options, error) {
	connection := cognito.Options{
		UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Flow: cfg.AuthFlow,
		SessionValidity: cfg.SessionValidity, Now: time.Now,
	}
	if cfg.demo() {
		embedded, err := embeddedPool(cfg, io.Discard)
		if err != nil {
			return doctor.Options{}, err
		}
		connection.AWS = embeddedSettings(embedded)
		info := embedded.Info()
		cfg.Region, connection.UserPoolID, connection.ClientID = info.Region, info.UserPoolID, info.ClientID
	} else {
		settings, err := awsSettings(ctx, cfg)
		if err != nil {
			return doctor.Options{}, err
		}
		connection.AWS = settings
	}
	opts := doctor.Options{
		Pool:            cognito.NewInspector(connection),
		Region:          cfg.Region,
		UserPoolID:      connection.UserPoolID,
		ClientID:        connection.ClientID,
		ClientSecret:    !connection.ClientSecret.IsZero(),
		Endpoint:        cfg.Endpoint != "",
		Demo:            cfg.demo(),
		Flows:           cfg.AuthFlow.InitiateAuthFlows(),
		SessionValidity: cfg.SessionValidity,
		PasswordPolicy:  policyForDoctor(cfg.PasswordPolicy),
		MFAOptional:     cfg.mfa() == "optional",
		HelpDesk:        cfg.Desk.on() && !cfg.demo(),
		DeskPolicy:      string(cfg.Desk.Policy.Mode),
		NameOpens:       cfg.Desk.NameOpens,
	}
	if cfg.SignIn != "password" {
		opts.CallbackURL, opts.OAuthOnly = cfg.callbackURL(), cfg.SignIn == "oauth"
	}
	if cfg.PublicURL != nil {
		opts.Portal = newVisitor(cfg.PublicURL)
	}
	return opts, nil
}

func policyForDoctor(p enroll.PasswordPolicy) doctor.PasswordPolicy {
	return doctor.PasswordPolicy{MinLength: p.MinLength, Upper: p.Upper, Lower: p.Lower, Number: p.Number, Symbol: p.Symbol}
}

// largestFlow is at least the size of the largest flow: an access token of 3 kB, a pending key and two earlier ones, names,
// and some room.
const largestFlow = 4 << 10

// visitTimeout bounds one visit to the portal.
const visitTimeout = 5 * time.Second

// visitor is [doctor.Portal] by HTTP.
type visitor struct {
	http           *http.Client
	public, health *url.URL
}

func newVisitor(public *url.URL) visitor {
	return visitor{
		public: public, health: public.JoinPath("healthz"),
		http: &http.Client{
			Timeout:       visitTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Visit fetches the health page.
func (v visitor) Visit(ctx context.Context, largestCookie bool) doctor.Visit {
	visit := doctor.Visit{URL: v.health.String()}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, visit.URL, nil)
	if err != nil {
		visit.Seen = "not a URL"
		return visit
	}
	if largestCookie {
		if err := v.addCookies(r); err != nil {
			visit.Seen = err.Error()
			return visit
		}
		visit.Cookie = len(r.Header.Get("Cookie"))
	}
	answer, err := v.http.Do(r)
	if err != nil {
		visit.Seen = err.Error()
		if failed, ok := errors.AsType[*url.Error](err); ok {
			visit.Seen = failed.Err.Error() // without the URL, which is told anyway
		}
		return visit
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 16))
	visit.Status = answer.StatusCode
	visit.Healthy = err == nil && answer.StatusCode == http.StatusOK && string(body) == "ok\n"
	visit.Renamed = visit.Healthy && !largestCookie && v.renamed(ctx)
	return visit
}

// renamed reports whether pages are refused for being another host's. The health page is not: it is asked by address.
func (v visitor) renamed(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, v.public.JoinPath("languages").String(), nil)
	if err != nil {
		return false
	}
	answer, err := v.http.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode == http.StatusMisdirectedRequest
}

// addCookies adds what the browser of a person with the largest flow sends. Nobody can open it: the key is made up.
func (v visitor) addCookies(r *http.Request) error {
	store, err := session.New(session.Options{
		Name: "enroll", Keys: []session.Key{session.NewKey()}, Secure: v.health.Scheme == "https", MaxAge: sessionAge, Now: time.Now,
	})
	if err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	jar := headers{}
	if err := store.Write(jar, r, bytes.Repeat([]byte{0xa5}, largestFlow)); err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	for _, cookie := range (&http.Response{Header: http.Header(jar)}).Cookies() {
		r.AddCookie(cookie) // its name and value alone
	}
	return nil
}

// headers is an answer of which only the headers are wanted.
type headers http.Header

// Header implements http.ResponseWriter.
func (h headers) Header() http.Header { return http.Header(h) }

// Write implements http.ResponseWriter.
func (headers) Write(data []byte) (int, error) { return len(data), nil }

// WriteHeader implements http.ResponseWriter.
func (headers) WriteHeader(int) {}

// printReport prints for people, the worst first, or for programs.
func printReport(stdout io.Writer, report doctor.Report, asJSON bool) error {
	var out bytes.Buffer
	if asJSON {
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(struct {
			Verdict doctor.Severity `json:"verdict"`
			doctor.Report
		}{report.Verdict(), report}); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	} else {
		printFindings(&out, report)
	}
	if _, err := out.WriteTo(stdout); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func printFindings(out io.Writer, report doctor.Report) {
	if report.UserPoolID != "" {
		_, _ = fmt.Fprintf(out, "Pool %s, app client %s, region %s\n\n", report.UserPoolID, report.ClientID, report.Region)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.DiscardEmptyColumns)
	for _, f := range grouped(report.WorstFirst()) {
		row := func(severity, id, text string) { _, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", severity, id, text) }
		lines := strings.Split(f.What, "\n")
		row(strings.ToUpper(string(f.Severity)), f.ID, lines[0])
		for _, line := range lines[1:] {
			row(" ", " ", line)
		}
		if f.Mend != "" {
			row(" ", " ", "-> "+f.Mend)
		}
		if f.Command != "" {
			row(" ", " ", "$ "+f.Command)
		}
	}
	_ = table.Flush()
	_, _ = fmt.Fprintf(out, "\nfault %d, advice %d, unseen %d, ok %d\n",
		report.Count(doctor.Fault), report.Count(doctor.Advice), report.Count(doctor.Unseen), report.Count(doctor.OK))
}

// grouped puts what was not checked for the same reason together.
func grouped(findings []doctor.Finding) []doctor.Finding {
	var all []doctor.Finding
	first := map[string]int{}
	for _, f := range findings {
		reason := f.What
		if at, seen := first[reason]; seen && f.Severity == doctor.Unseen {
			if all[at].What == reason {
				all[at].What += " Likewise " + f.ID
			} else {
				all[at].What += ", " + f.ID
			}
			continue
		}
		first[reason] = len(all)
		all = append(all, f)
	}
	return all
}
