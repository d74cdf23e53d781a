package userpool

// getGroup shows one group.
func getGroup(c *call) (object, error) {
	up, g, err := c.group()
	if err != nil {
		return nil, err
	}
	return object{"Group": g.describe(up)}, nil
}
