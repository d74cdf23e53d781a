package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/trace"
	"cognito-enroll/static"
)

const usage = `Usage: portal [command]

  serve      serve the pages (the default); "portal serve -h" lists the flags
  config     print the settings in force and where each comes from, without the secrets
  doctor     try the configured pool and say what to mend; "portal doctor -h" explains
  invite ACCOUNT
             make a help-desk link for an account; "portal invite -h" lists the flags
  ledger     say who has set up, by group; -csv lists accounts, -sweep asks the pool first
  audit export|verify
             write the audit trail as JSON lines, or check its chain
  keys       make a key for PORTAL_SESSION_KEYS or PORTAL_LINK_KEY
  api-key NAME [-scopes SCOPE+SCOPE] [-rank RANK] [-links NUMBER]
             make a key for another application; without scopes it hands its users over
  webhook-secret
             make a secret for PORTAL_WEBHOOK_SECRETS
  code KEY   print the present code of an authenticator key
  healthcheck
             ask the portal on this machine whether it serves: for containers without a shell
  version    print the version
`

// run is the whole program.
func run(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	command := "serve"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		return serve(ctx, args, lookupEnv, stdout, stderr)
	case "config":
		return printConfig(args, lookupEnv, stdout, stderr)
	case "healthcheck":
		return checkHealth(ctx, args, lookupEnv, stderr)
	case "doctor":
		return examine(ctx, args, lookupEnv, stdout, stderr)
	case "invite":
		return invite(ctx, args, lookupEnv, stdout, stderr)
	case "ledger":
		return ledger(ctx, args, lookupEnv, stdout, stderr)
	case "audit":
		return audit(ctx, args, lookupEnv, stdout, stderr)
	case "webhook-secret":
		return printWebhookSecret(stdout)
	case "keys":
		return printKey(stdout)
	case "api-key":
		return printAPIKey(args, stdout, stderr)
	case "code":
		return printCode(args, stdout)
	case "version":
		return printVersion(stdout)
	}
	if command == "help" {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	_, _ = io.WriteString(stderr, usage)
	return fmt.Errorf("unknown command %q", command)
}

// watchEvery is how often the demo looks at the brand's folder.
const watchEvery = time.Second

// remembered is how many QR codes are kept drawn: people who have the set-up page open at one moment.
const remembered = 1024

// node is what lives as long as the process, and the portals that it serves: one, or one for each of several pools.
type node struct {
	log        *slog.Logger
	level      *slog.LevelVar
	observing  observing
	notify     notifier
	background background
	draining   atomic.Bool
	drawer     *qr.Drawer
	assets     *static.Assets
	languages  *i18n.Languages
	portals    []*portal
}

// serve wires everything and serves until ctx ends.
func serve(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	read := func() ([]site, []error, error) {
		all, faults, err := gather(args, lookupEnv, stderr)
		sites, faults := gatherSites(all, faults)
		return sites, faults, err
	}
	sites, faults, err := read()
	if err != nil {
		return err
	}
	cfgs, wrong := configs(sites)
	if err := errors.Join(append(faults, wrong...)...); err != nil {
		return err
	}
	common := cfgs[0] // what is for the whole process is the same in all
	listener, err := listen(ctx, common.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = listener.Close() }() // the server has closed it, if it got that far
	n, err := newNode(ctx, common, sites, stderr)
	if err != nil {
		return err
	}
	defer n.close()
	for i := range cfgs {
		if err := n.add(ctx, sites[i].name, &cfgs[i], listener.Addr(), stdout); err != nil {
			return sites[i].called(err)
		}
	}
	if err := n.serveAdmin(ctx, common.AdminListen); err != nil {
		return err
	}
	defer n.observing.export(ctx)()
	for _, each := range n.portals {
		each.work(ctx)
	}
	n.reloadOnSignal(ctx, sites, read)
	if n.portals[0].demo != nil {
		common.DrainDelay = 0
		if common.BrandDir != "" {
			go watchFolder(ctx, common.BrandDir, watchEvery, func() { n.reload(ctx, sites, read) })
		}
	}
	for i, each := range n.portals {
		printWelcome(stdout, listener.Addr(), cfgs[i], each.demo)
	}
	socket, _ := lookupEnv("NOTIFY_SOCKET")
	n.notify = notifier(socket)
	if err := n.notify.tell(ctx, "READY=1"); err != nil {
		return err
	}
	return n.serveHTTP(ctx, limitConnections(listener, common), common.DrainDelay)
}

// newNode makes what all portals of a process have in common.
func newNode(ctx context.Context, common config, sites []site, stderr io.Writer) (*node, error) {
	n := &node{level: new(slog.LevelVar), drawer: qr.NewDrawer(remembered)}
	n.level.Set(common.LogLevel)
	n.log = slog.New(trace.LogHandler(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: n.level})))
	if err := leaveNoCore(); err != nil { // a sandbox may not let us; what it leaves of a process is then its own affair
		n.log.WarnContext(ctx, "memory may be left in a core file", "error", err)
	}
	n.observing = newObserving(common, sites, n.log)
	n.background.log = n.log
	var err error
	if n.assets, err = static.New(); err != nil {
		return nil, err
	}
	if n.languages, err = i18n.New(); err != nil {
		return nil, err
	}
	return n, nil
}

// close closes the stores: every answer given is on disk already.
func (n *node) close() {
	for _, each := range n.portals {
		_ = each.memory.Close()
	}
}
