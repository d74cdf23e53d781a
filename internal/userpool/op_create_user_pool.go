package userpool

// createUserPool makes a pool. Authenticator apps are switched on by SetUserPoolMfaConfig.
func createUserPool(c *call) (object, error) {
	id, err := c.p.poolID()
	if err != nil {
		return nil, err
	}
	up := newUserPool(id, c.input.text("PoolName"), c.now)
	if c.input.has("UsernameAttributes") && c.input.has("AliasAttributes") {
		return nil, invalidParameter("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	if err := up.take(c.input); err != nil {
		return nil, err
	}
	up.usernameAttributes, up.aliasAttributes = c.input.texts("UsernameAttributes"), c.input.texts("AliasAttributes")
	up.required = requiredOf(c.input.list("Schema"))
	configuration := c.input.object("UsernameConfiguration")
	up.foldCase = configuration != nil && !configuration.truth("CaseSensitive")
	c.p.pools[id] = up
	return object{"UserPool": up.describe(c.p.region)}, nil
}
