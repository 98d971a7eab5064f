"""What a finished training gave is read again by the same code asked for the same, and by nothing else."""

from dataclasses import dataclass

from bench import keep


@dataclass(frozen=True)
class Answer:
    count: int


def test_only_the_same_question_to_the_same_code_is_not_trained_again(tmp_path, monkeypatch):
    path, trainings = tmp_path / "kept.jsonl", []

    def train():
        trainings.append(1)
        return Answer(len(trainings))

    def asked(question):
        return keep.kept(path, question, train, Answer).count

    assert [asked({"seed": 0}), asked({"seed": 0}), asked({"seed": 1}), asked({"seed": 0})] == [1, 1, 2, 1]
    monkeypatch.setattr(keep, "_code", lambda: "another library")
    assert [asked({"seed": 0}), asked({"seed": 0})] == [3, 3]


def test_the_digest_is_of_the_library_and_of_the_programs(tmp_path, monkeypatch):
    for folder in ("library", "bench"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").write_text("one")
    monkeypatch.setattr(keep.seqcast, "__file__", str(tmp_path / "library" / "a.py"))
    monkeypatch.setattr(keep, "__file__", str(tmp_path / "bench" / "a.py"))
    seen = {keep._code()}
    for folder in ("library", "bench"):
        (tmp_path / folder / "a.py").write_text("two")
        seen.add(keep._code())
    assert len(seen) == 3
