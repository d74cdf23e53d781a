package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// reloadOnSignal reads the settings again on every SIGHUP from now on, until ctx ends. all is what they were at the start.
func (n *node) reloadOnSignal(ctx context.Context, all texts, read func() (texts, []error, error)) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				n.reload(ctx, all, read)
			}
		}
	}()
}

// reload replaces the portal by one of the present settings. Requests in flight finish in the old one, and cookies go on
// being read as long as their key is among the configured ones. With any fault the old settings stay in force.
func (n *node) reload(ctx context.Context, all texts, read func() (texts, []error, error)) {
	next, faults, err := read()
	if err != nil { // the flags, which cannot have changed
		n.log.ErrorContext(ctx, "reload", "error", err)
		return
	}
	var waiting []string
	for _, s := range settings() {
		if s.traits&reloads == 0 && next[s.env].text != all[s.env].text {
			waiting = append(waiting, s.env)
			next[s.env] = all[s.env]
		}
	}
	cfg, wrong := next.config()
	if err = errors.Join(append(faults, wrong...)...); err == nil {
		err = n.replace(cfg) //nolint:contextcheck // handlers go by their request's context
	}
	if err != nil {
		n.log.ErrorContext(ctx, "reload refused, the settings in force stay", "error", strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	n.log.InfoContext(ctx, "reloaded", "needs_restart", waiting)
}

// replace puts the portal of these settings in the place of the present one.
func (n *node) replace(cfg config) error {
	cfg.PublicURL = n.publicURL
	cfg.UserPoolID, cfg.ClientID = n.userPoolID, n.clientID // the embedded pool's are not in the settings
	if len(cfg.SessionKeys) == 0 && n.keys == nil {
		return errors.New("PORTAL_SESSION_KEYS: were set at the start and are gone: set them")
	}
	portal, err := n.build(cfg)
	if err != nil {
		return err
	}
	n.portal.Store(portal)
	n.level.Set(cfg.LogLevel)
	return nil
}
