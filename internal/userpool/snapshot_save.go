package userpool

// snapshot copies the state. The caller holds the lock; exchanges of SRP that are under way are left out, they last
// seconds.
func (p *Pool) snapshot() (snapshot, error) {
	s := snapshot{
		Region: p.region, First: p.first.id, Public: p.public.id, Secret: p.secret.id, AccessKey: p.accessKey,
		SecretKey: p.secretKey, Sealing: p.sealer.key, Offset: p.offset, Listed: p.listed, Messages: p.messages,
	}
	for i, key := range []func() (*signingKey, error){p.keys.access, p.keys.id} {
		content, err := marshalKey(key)
		if err != nil {
			return snapshot{}, err
		}
		s.Signing[i] = content
	}
	for _, up := range p.pools {
		s.Pools = append(s.Pools, savePool(up))
	}
	for _, c := range p.clients {
		s.Clients = append(s.Clients, saveClient(c))
	}
	for _, g := range p.grants {
		if g.user.gone {
			continue
		}
		s.Grants = append(s.Grants, savedGrant{
			ID: g.id, Event: g.event, Client: g.client.id, Sub: g.user.sub, Nonce: g.nonce, DeviceKey: g.deviceKey, Scopes: g.scopes,
			AuthTime: g.authTime, Expires: g.expires, Rotated: g.rotated, Revoked: g.revoked, Generation: g.generation,
		})
	}
	for _, x := range p.queue {
		if x.srp == nil && x.user != nil && !x.user.gone {
			s.Sessions = append(s.Sessions, saveSession(x))
		}
	}
	for text, code := range p.codes {
		s.Codes = append(s.Codes, savedAuthCode{
			Code: text, Sub: code.user.sub, SignIn: saveSignIn(code.signIn), At: code.at, Expires: code.expires,
		})
	}
	return s, nil
}

func savePool(up *userPool) savedPool {
	saved := savedPool{
		ID: up.id, Name: up.name, Created: up.created, Modified: up.modified, MFA: up.mfa, TOTP: up.totp, SMS: up.sms, Email: up.email,
		Fold: up.foldCase, AdminOnly: up.adminOnly, Devices: up.devices, Prompt: up.devicePrompt, Policy: up.policy,
		Username: up.usernameAttributes, Alias: up.aliasAttributes, Auto: up.autoVerified, Required: up.required, Settings: up.settings,
	}
	for _, g := range up.groups {
		saved.Groups = append(saved.Groups, savedGroup{g.name, g.description, g.role, g.precedence, g.created, g.modified})
	}
	for _, u := range up.users {
		saved.Users = append(saved.Users, saveUser(u))
	}
	return saved
}

func saveUser(u *user) savedUser {
	saved := savedUser{
		Name: u.name, Sub: u.sub, Status: u.status, Disabled: u.disabled, Created: u.created, Modified: u.modified,
		Password: savedPassword{
			u.password.set, u.password.temporary, u.password.inner, u.password.since, u.password.former, u.password.salt,
		},
		Key: u.registration.key, Device: u.registration.device, Pending: u.pending.key, PendingFailures: u.pending.failures,
		LastStep: u.lastStep, Enabled: u.enabled, Preferred: u.preferred, Groups: u.groups,
		Failures: u.lock.failures, LastFailure: u.lock.last, Attempts: u.attempts, Codes: map[purpose]savedCode{},
	}
	for _, a := range u.attributes {
		saved.Attributes = append(saved.Attributes, [2]string{a.name, a.value})
	}
	for what, code := range u.codes {
		saved.Codes[what] = savedCode{code.code, code.attribute, code.expires}
	}
	for _, d := range u.devices {
		saved.Devices = append(saved.Devices, savedDevice{
			d.key, d.group, d.name, d.confirmed, d.remembered, d.salt, d.verifier, d.created, d.used,
		})
	}
	return saved
}

func saveClient(c *client) savedClient {
	return savedClient{
		Pool: c.pool.id, ID: c.id, Name: c.name, Secret: c.secret, Created: c.created, Modified: c.modified, Flows: c.flows,
		Session: c.sessionValidity, Access: c.accessValidity, Identity: c.idValidity, Refresh: c.refreshValidity, Grace: c.rotationGrace,
		Prevent: c.preventExistence, Revocation: c.revocation, Rotation: c.rotation, OAuth: c.oauth,
		Callbacks: c.callbacks, Logouts: c.logouts, OAuthFlows: c.oauthFlows, AllowedScopes: c.scopes, Settings: c.settings,
	}
}

func saveSignIn(s signIn) savedSignIn {
	saved := savedSignIn{Client: s.client.id, Nonce: s.nonce, DeviceKey: s.deviceKey, Scopes: s.scopes, By: s.by, Custom: s.custom}
	if s.oauth != nil {
		saved.OAuth, saved.Redirect, saved.State, saved.Challenge = true, s.oauth.redirect, s.oauth.state, s.oauth.challenge
	}
	return saved
}

func saveSession(x *session) savedSession {
	return savedSession{
		Handle: x.handle, Client: x.client.id, Sub: x.user.sub, Challenge: x.challenge, Stage: x.stage, Fate: x.fate, Expires: x.expires,
		Pending: x.pending.key, PendingFailures: x.pending.failures, SignIn: saveSignIn(x.signIn), Offered: x.offered,
		Code: x.code, Proves: x.proves, Round: x.round, Tries: x.tries, Current: x.user.setup == x,
	}
}
