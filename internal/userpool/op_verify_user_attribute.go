package userpool

// verifyUserAttribute proves an address by the code that was sent to it.
func verifyUserAttribute(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	what := purposeVerify + purpose(c.input.text("AttributeName"))
	if err := c.redeem(g.user, what, c.input.text("Code"), confirmTriesPerHour); err != nil {
		return nil, err
	}
	g.user.modified = c.now
	return object{}, nil
}
