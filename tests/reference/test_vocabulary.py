"""Captions to numbers and back."""

from course_utils.reference.vocabulary import END, START, Vocabulary

VOCABULARY = Vocabulary([",", "a", "dog", "cat"])


def test_captions_go_to_numbers_and_back():
    captions = ["a dog, a cat", "a cat"]
    ids = VOCABULARY.encode(captions)
    assert ids.tolist() == [[1, 4, 5, 3, 4, 6, 2], [1, 4, 6, 2, 0, 0, 0]]
    assert [VOCABULARY.decode(row) for row in ids] == captions


def test_a_caption_without_words_and_numbers_without_any():
    assert VOCABULARY.encode([""]).tolist() == [[START, END]]
    assert VOCABULARY.decode([]) == VOCABULARY.decode([START, END, 4]) == ""
