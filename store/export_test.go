package store

// ClassOf names a class as somebody would who alters the database and knows how.
var ClassOf = classOf
