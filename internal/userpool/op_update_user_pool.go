package userpool

// updateUserPool changes a pool. What is left out goes back to its default.
func updateUserPool(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	if err := up.take(c.input); err != nil {
		return nil, err
	}
	if c.input.has("PoolName") {
		up.name = c.input.text("PoolName")
	}
	up.modified = c.now
	return object{}, nil
}
