package userpool

const changesPerHour = 5

// changePassword replaces the password of the bearer of an access token.
func changePassword(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	u, proposed := g.user, c.input.text("ProposedPassword")
	if !u.attempt("change", changesPerHour, c.now) {
		return nil, limitExceeded()
	}
	if u.lock.closed(c.now) {
		return nil, notAuthorized(tooManyPasswords)
	}
	if u.password.set && !u.passwordIs(c.input.text("PreviousPassword")) {
		u.lock.fail(c.now)
		return nil, notAuthorized(wrongPassword)
	}
	if fault := u.setPassword(proposed, false, c.now); fault != nil {
		return nil, fault
	}
	u.modified = c.now
	return object{}, nil
}
