package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// settings are the flags.
type settings struct {
	listen       string
	anyAddress   bool
	mfa          string
	validity     time.Duration
	accessKey    string
	accessSecret string
	state        string
	control      bool
	callback     string
	code         string
	next         bool
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("userpool", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:9229", "address to listen on; port 0 picks a free one")
	flags.BoolVar(&s.anyAddress, "allow-non-loopback", false, "listen on an address that others can reach; this is a test double, never do it where it matters")
	flags.StringVar(&s.mfa, "mfa", "on", "second factor: on, optional or off")
	flags.DurationVar(&s.validity, "session-validity", 3*time.Minute, "life of a challenge session, 3m to 15m")
	flags.StringVar(&s.accessKey, "access-key-id", "", "access key id that IAM-signed operations must use (default: made up)")
	flags.StringVar(&s.accessSecret, "secret-access-key", "", "its secret (default: made up)")
	flags.StringVar(&s.state, "state", "", "file that keeps the pool across restarts, and outweighs the flags about pool and keys; it holds every secret")
	flags.BoolVar(&s.control, "control", false, "serve the control interface for tests under "+userpool.ControlPath+"; whoever reaches it rules the pool")
	flags.StringVar(&s.callback, "callback", "", "redirect addresses of the OAuth pages, separated by commas (default: no OAuth)")
	flags.StringVar(&s.code, "code", "", "print the present code of this authenticator key, and end")
	flags.BoolVar(&s.next, "next", false, "with -code: the code after the present one, which is accepted already")
	if err := flags.Parse(args); err != nil {
		return s, fmt.Errorf("flags: %w", err)
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return s, nil
}

// run serves until the context ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if s.code != "" {
		return printCode(s, stdout)
	}
	pool, err := userpool.New(userpool.Options{
		MFA: userpool.MFA(strings.ToUpper(s.mfa)), SessionValidity: s.validity,
		AccessKeyID: s.accessKey, SecretAccessKey: s.accessSecret, CallbackURLs: list(s.callback),
	})
	if err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	if err := fill(pool, s.state); err != nil {
		return err
	}
	listener, err := listen(ctx, s)
	if err != nil {
		return err
	}
	pool.SetEndpoint("http://" + listener.Addr().String())
	if err := json.NewEncoder(stdout).Encode(pool.Info()); err != nil {
		return errors.Join(fmt.Errorf("first line: %w", err), listener.Close())
	}
	handler := http.Handler(pool)
	if s.control {
		mux := http.NewServeMux()
		mux.Handle(userpool.ControlPath, pool.Control())
		mux.Handle("/", pool)
		handler = mux
	}
	return errors.Join(serve(ctx, listener, handler), pool.Save())
}

// printCode does what the app on a phone does.
func printCode(s settings, stdout io.Writer) error {
	key, err := totp.Decode(s.code)
	if err != nil {
		return fmt.Errorf("-code: %w", err)
	}
	step := totp.Step(time.Now())
	if s.next {
		step++
	}
	if _, err := fmt.Fprintln(stdout, totp.Code(key, step)); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// fill takes the accounts from the state file, or makes the demo accounts.
func fill(pool *userpool.Pool, state string) error {
	if state != "" {
		if err := pool.UseState(state); err != nil {
			return fmt.Errorf("state: %w", err)
		}
	}
	if len(pool.Info().Users) > 0 {
		return nil
	}
	if err := pool.Seed(); err != nil {
		return fmt.Errorf("demo accounts: %w", err)
	}
	return nil
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// listen refuses an address that is not loopback unless told to: the pool's secrets are on its standard output, and
// its passwords are hashed to be fast.
func listen(ctx context.Context, s settings) (net.Listener, error) {
	address, err := net.ResolveTCPAddr("tcp", s.listen)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	if !s.anyAddress && !address.IP.IsLoopback() {
		return nil, fmt.Errorf("%s is not a loopback address; -allow-non-loopback insists", s.listen)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}
