package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"cognito-enroll/web"
)

// reloadOnSignal reads the settings again on every SIGHUP from now on. sites is what they were at the start. Once ctx ends
// the signal does nothing: if it were given back, it would kill a node that serves its last requests.
func (n *node) reloadOnSignal(ctx context.Context, sites []site, read func() ([]site, []error, error)) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				n.reload(ctx, sites, read)
			}
		}
	}()
}

// reload replaces the portals by those of the present settings. Requests in flight finish in the old ones, and cookies go
// on being read as long as their key is among the configured ones. With any fault the old settings stay in force, of all.
func (n *node) reload(ctx context.Context, sites []site, read func() ([]site, []error, error)) {
	next, faults, err := read()
	if err != nil { // the flags, which cannot have changed
		n.log.ErrorContext(ctx, "reload", "error", err)
		return
	}
	_, wrong := configs(next) // as the next start would find them
	next, waiting := keep(sites, next)
	cfgs, more := configs(next)
	if len(wrong) == 0 {
		wrong = more
	}
	if err = errors.Join(append(faults, wrong...)...); err == nil {
		err = n.replace(cfgs) //nolint:contextcheck // handlers go by their request's context
	}
	if err != nil {
		n.log.ErrorContext(ctx, "reload refused, the settings in force stay", "error", strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	n.log.InfoContext(ctx, "reloaded", "needs_restart", waiting)
}

// keep is the sites of the start with the settings that may change as they are now, and what waits for a restart.
func keep(sites, now []site) (next []site, waiting []string) {
	for _, was := range sites {
		i := slices.IndexFunc(now, func(s site) bool { return s.name == was.name })
		if i < 0 {
			next, waiting = append(next, was), append(waiting, was.name+".env is gone")
			continue
		}
		for _, s := range settings() {
			if s.traits&reloads == 0 && now[i].texts[s.env].text != was.texts[s.env].text {
				waiting = append(waiting, strings.TrimPrefix(was.name+" "+s.env, " "))
				now[i].texts[s.env] = was.texts[s.env]
			}
		}
		next = append(next, now[i])
	}
	for _, s := range now {
		if !slices.ContainsFunc(sites, func(was site) bool { return was.name == s.name }) {
			waiting = append(waiting, s.name+".env is new")
		}
	}
	return next, waiting
}

// replace puts the portals of these settings in the place of the present ones: all of them, or none.
func (n *node) replace(cfgs []config) error {
	servers := make([]*web.Server, len(cfgs))
	for i, p := range n.portals {
		cfg := cfgs[i]
		cfg.PublicURL = p.publicURL
		cfg.UserPoolID, cfg.ClientID = p.userPoolID, p.clientID // the embedded pool's are not in the settings
		if len(cfg.SessionKeys) == 0 && p.keys == nil {
			return errors.New("PORTAL_SESSION_KEYS: were set at the start and are gone: set them")
		}
		var err error
		if servers[i], err = p.build(cfg); err != nil {
			return site{name: p.name}.called(err)
		}
	}
	for i, p := range n.portals {
		p.server.Store(servers[i])
	}
	n.level.Set(cfgs[0].LogLevel)
	return nil
}
