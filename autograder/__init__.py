from course_utils.startup import without_iri_grammar

without_iri_grammar()
