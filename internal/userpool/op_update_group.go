package userpool

// updateGroup changes a group.
func updateGroup(c *call) (object, error) {
	up, g, err := c.group()
	if err != nil {
		return nil, err
	}
	g.take(c.input)
	g.modified = c.now
	return object{"Group": g.describe(up)}, nil
}
