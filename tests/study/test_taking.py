"""A participant's way, with everything that can go wrong on it."""

from core.study import studies, taking
from tests.study.material import open_study, token


def test_whole_way(database):
    study = open_study()
    me = token()
    assert taking.current(study, me) == {"stage": "unknown"}
    assert taking.start(study, me) == "started"
    assert taking.start(study, me) == "known"
    seen = []
    while (now := taking.current(study, me))["stage"] == "question":
        seen.append(now["role"])
        assert taking.answer(study, me, now["position"], 1, 1200.5) == "stored"
    assert seen[0] == "practice"
    assert seen.count("question") == 10
    assert now["stage"] == "finished"
    read = studies.read(study)
    assert (read["participants"], read["finished"], read["answers"]) == (1, 1, 13)
    assert taking.withdraw(study, now["code"].lower().replace("-", ""))
    assert not taking.withdraw(study, now["code"])
    assert taking.current(study, me) == {"stage": "unknown"}
    read = studies.read(study)
    assert (read["participants"], read["answers"], read["withdrawn"]) == (0, 0, 1)
