package userpool

// globalSignOut ends every sign-in of the user. The JWTs still verify offline until they expire.
func globalSignOut(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	c.p.signOut(g.user)
	return object{}, nil
}

func (p *Pool) signOut(u *user) {
	for _, g := range p.grants {
		if g.user == u {
			g.revoked = true
		}
	}
}
