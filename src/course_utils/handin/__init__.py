"""What is graded of a notebook that a student handed in: the one rule, for grader and student.

The rule, in plain words:

1. **Outputs are dropped** before anything else. What is wrong with the file (encoding, format,
   another kernel) is mended and noted.
2. **Each cell is recognised**: by nbgrader's ``grade_id``, else by its id, else by its text,
   else, for an answer, by the name that it defines. Cells that were merged are taken apart
   where the text of a released cell begins and ends. All other cells are the student's own.
3. **Released cells are graded as they were released.** A test cell or another cell that was
   changed, deleted or moved is put back. What the student made of a demonstration runs as an
   own cell behind it.
4. **Answers and own cells run where they stand** in the student's file.
5. **A stub hides no answer.** A released stub, or a function that does nothing, is left out
   where the student defines its name in any other cell, in whatever way Python binds names.
   Code is read as IPython reads it: magics, prompts of a session, an indented cell.
6. **A test runs where it stands, if its answer stands above it.** Else it runs behind the
   answer, wherever that is, and behind own cells that the answer needs.
7. **Where it is not clear which answer is meant, a person is asked**: another definition of
   the name, or its deletion, stands below the answer cell, or there are several and none is
   in that cell. The one at the test is graded; unless it has full marks, a person looks at
   all of them.
   **So it is where code can bind names that it does not show** (``exec``, ``globals()``,
   ``sys.modules``, a star import, a magic such as ``%run``): such a cell counts as a definition
   of each name that is written in it, and of those that are defined nowhere.
8. **An answer that a person reads** is everything in its cell and its copies, and the
   student's own text beside it. Where there is none, all own text of the notebook is shown.

Nothing in here runs code, and no code of the file can stand in the place of a test.
"""

from course_utils.handin.plan import EXTRA, Submission, read
from course_utils.handin.raw import without_outputs

__all__ = ["EXTRA", "Submission", "read", "without_outputs"]
