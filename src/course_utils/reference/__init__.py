"""Reference implementations, one module a topic, readable in one sitting."""
