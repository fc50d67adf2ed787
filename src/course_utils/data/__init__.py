"""Real pictures that work offline, one call each.

``digits``  MNIST                         ``photos``  a few photographs to filter
``fashion`` Fashion-MNIST                 ``emoji``   picture-text pairs in seven styles
``cifar10`` fetched once, then offline    ``scenes``  composed pictures for every vision task

``cifar100``, ``voc``, ``coco_captions`` and ``flickr8k`` read the public sets where you have
them. Sources and licences: ``README.md`` and ``manifest.json`` beside this file.
"""

from course_utils.data.cifar10 import cifar10
from course_utils.data.digits import digits
from course_utils.data.emoji import emoji
from course_utils.data.fashion import fashion
from course_utils.data.photos import grey, photos
from course_utils.data.pictures import Batches, Pictures
from course_utils.data.public import cifar100, coco_captions, flickr8k, voc
from course_utils.data.scenes import scenes

__all__ = [
    "Batches", "Pictures", "cifar10", "cifar100", "coco_captions", "digits", "emoji",
    "fashion", "flickr8k", "grey", "photos", "scenes", "voc",
]  # fmt: skip
