package userpool

import (
	"errors"
	"fmt"
)

// restore replaces the state by a snapshot, all of it or, after an error, nothing.
func (p *Pool) restore(s snapshot) error {
	sealing, err := newSealer(s.Sealing)
	if err != nil {
		return err
	}
	access, err := unmarshalKey(s.Signing[0])
	if err != nil {
		return err
	}
	id, err := unmarshalKey(s.Signing[1])
	if err != nil {
		return err
	}
	l := loader{pools: map[string]*userPool{}, clients: map[string]*client{}, users: map[string]*user{}}
	for _, saved := range s.Pools {
		l.pool(saved)
	}
	for _, saved := range s.Clients {
		if err := l.client(saved); err != nil {
			return err
		}
	}
	first, public, secret := l.pools[s.First], l.clients[s.Public], l.clients[s.Secret]
	if first == nil || public == nil || secret == nil {
		return errors.New("the first pool or its clients are missing")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.region, p.accessKey, p.secretKey, p.sealer, p.keys = s.Region, s.AccessKey, s.SecretKey, sealing, &Keys{access, id}
	p.offset, p.listed, p.messages = s.Offset, s.Listed, s.Messages
	p.pools, p.clients, p.first, p.public, p.secret = l.pools, l.clients, first, public, secret
	p.grants, p.sessions, p.queue, p.codes = l.grants(s.Grants), map[handle]*session{}, nil, map[string]*authCode{}
	for _, saved := range s.Sessions {
		if x := l.session(saved); x != nil {
			p.sessions[x.handle] = x
			p.queue = append(p.queue, x)
		}
	}
	for _, saved := range s.Codes {
		if u, client := l.users[saved.Sub], l.clients[saved.SignIn.Client]; u != nil && client != nil {
			p.codes[saved.Code] = &authCode{signIn: l.signIn(saved.SignIn), user: u, at: saved.At, expires: saved.Expires}
		}
	}
	return nil
}

// loader turns ids back into what they name.
type loader struct {
	pools   map[string]*userPool
	clients map[string]*client
	users   map[string]*user // by sub
}

func (l loader) pool(saved savedPool) {
	up := newUserPool(saved.ID, saved.Name, saved.Created)
	up.modified, up.mfa, up.totp, up.sms, up.email = saved.Modified, saved.MFA, saved.TOTP, saved.SMS, saved.Email
	up.foldCase, up.adminOnly, up.devices, up.devicePrompt = saved.Fold, saved.AdminOnly, saved.Devices, saved.Prompt
	up.policy, up.usernameAttributes, up.aliasAttributes = saved.Policy, saved.Username, saved.Alias
	up.autoVerified, up.required = saved.Auto, saved.Required
	if saved.Settings != nil {
		up.settings = saved.Settings
	}
	for _, g := range saved.Groups {
		up.groups[g.Name] = &group{g.Name, g.Description, g.Role, g.Precedence, g.Created, g.Modified}
	}
	for _, savedUser := range saved.Users {
		u := loadUser(up, savedUser)
		up.add(u)
		l.users[u.sub] = u
	}
	l.pools[up.id] = up
}

func loadUser(up *userPool, saved savedUser) *user {
	u := &user{
		pool: up, name: saved.Name, sub: saved.Sub, status: saved.Status, disabled: saved.Disabled,
		created: saved.Created, modified: saved.Modified,
		password: password{
			set: saved.Password.Set, temporary: saved.Password.Temporary, inner: saved.Password.Inner,
			since: saved.Password.Since, former: saved.Password.Former, salt: saved.Password.Salt,
		},
		registration: registration{saved.Key, saved.Device}, pending: pendingKey{saved.Pending, saved.PendingFailures},
		lastStep: saved.LastStep, enabled: saved.Enabled, preferred: saved.Preferred, groups: saved.Groups,
		lock: lock{saved.Failures, saved.LastFailure}, attempts: saved.Attempts, codes: map[purpose]*sentCode{},
	}
	for _, a := range saved.Attributes {
		u.attributes = append(u.attributes, attribute{a[0], a[1]})
	}
	for what, code := range saved.Codes {
		u.codes[what] = &sentCode{code.Code, code.Attribute, code.Expires}
	}
	for _, d := range saved.Devices {
		u.devices = append(u.devices, &device{
			d.Key, d.Group, d.Name, d.Confirmed, d.Remembered, d.Salt, d.Verifier, d.Created, d.Used,
		})
	}
	return u
}

func (l loader) client(saved savedClient) error {
	up := l.pools[saved.Pool]
	if up == nil {
		return fmt.Errorf("client %s is of a pool that is missing", saved.ID)
	}
	c := &client{
		pool: up, id: saved.ID, name: saved.Name, secret: saved.Secret, created: saved.Created, modified: saved.Modified, flows: saved.Flows,
		sessionValidity: saved.Session, accessValidity: saved.Access, idValidity: saved.Identity, refreshValidity: saved.Refresh,
		preventExistence: saved.Prevent, revocation: saved.Revocation, rotation: saved.Rotation, rotationGrace: saved.Grace,
		callbacks: saved.Callbacks, logouts: saved.Logouts, oauthFlows: saved.OAuthFlows, scopes: saved.AllowedScopes,
		oauth: saved.OAuth, settings: saved.Settings,
	}
	l.clients[c.id] = c
	return nil
}

func (l loader) grants(all []savedGrant) map[string]*grant {
	grants := make(map[string]*grant, len(all))
	for _, saved := range all {
		u, c := l.users[saved.Sub], l.clients[saved.Client]
		if u == nil || c == nil {
			continue
		}
		grants[saved.ID] = &grant{
			id: saved.ID, event: saved.Event, client: c, user: u, scopes: saved.Scopes, nonce: saved.Nonce,
			authTime: saved.AuthTime, expires: saved.Expires, revoked: saved.Revoked, deviceKey: saved.DeviceKey,
			generation: saved.Generation, rotated: saved.Rotated,
		}
	}
	return grants
}

func (l loader) signIn(saved savedSignIn) signIn {
	s := signIn{
		client: l.clients[saved.Client], scopes: saved.Scopes, nonce: saved.Nonce, deviceKey: saved.DeviceKey,
		by: saved.By, custom: saved.Custom,
	}
	if saved.OAuth {
		s.oauth = &authorization{saved.Redirect, saved.State, saved.Challenge}
	}
	return s
}

func (l loader) session(saved savedSession) *session {
	u, c := l.users[saved.Sub], l.clients[saved.Client]
	if u == nil || c == nil || l.clients[saved.SignIn.Client] == nil {
		return nil
	}
	x := &session{
		handle: saved.Handle, client: c, user: u, challenge: saved.Challenge, stage: saved.Stage, fate: saved.Fate, expires: saved.Expires,
		pending: pendingKey{saved.Pending, saved.PendingFailures}, signIn: l.signIn(saved.SignIn), offered: saved.Offered,
		code: saved.Code, proves: saved.Proves, round: saved.Round, tries: saved.Tries,
	}
	if saved.Current {
		u.setup = x
	}
	return x
}
