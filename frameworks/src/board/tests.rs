use super::*;
use affiant_controls::ControlSet;
use proptest::prelude::*;

fn times(all: &[u64]) -> Value {
    Sample::Times(all.to_vec()).value()
}

#[test]
fn of_nothing_there_is_no_figure_and_it_is_not_zero() {
    let none = Value::Times { n: 0, median_ms: None, mean_ms: None, p95_ms: None };
    assert_eq!(times(&[]), none);
    assert_eq!(Sample::Share(Share { count: 0, of: 0 }).value(), Value::Share { count: None, of: 0 });
    assert_eq!(Sample::Share(Share { count: 0, of: 7 }).value(), Value::Share { count: Some(0), of: 7 });
    let figure = Figure { figure: "a".into(), title: "b".into(), value: none };
    let json = r#"{"figure":"a","title":"b","n":0,"median_ms":null,"mean_ms":null,"p95_ms":null}"#;
    assert_eq!(serde_json::to_string(&figure).unwrap(), json);
    assert_eq!(serde_json::from_str::<Figure>(json).unwrap(), figure);
}

#[test]
fn median_mean_and_percentile_of_a_few() {
    let of = |n, median, mean, p95| Value::Times {
        n,
        median_ms: Some(median),
        mean_ms: Some(mean),
        p95_ms: Some(p95),
    };
    assert_eq!(times(&[0]), of(1, 0, 0, 0));
    assert_eq!(times(&[9, 1, 4]), of(3, 4, 4, 9));
    assert_eq!(times(&[10, 2, 4, 1]), of(4, 3, 4, 10));
    assert_eq!(times(&[u64::MAX, u64::MAX]), of(2, u64::MAX, u64::MAX, u64::MAX));
    let hundred: Vec<u64> = (1..=100).collect();
    assert_eq!(times(&hundred), of(100, 50, 50, 95));
}

#[test]
fn the_controls_of_the_two_groups_are_what_they_are_taken_for() {
    let controls = ControlSet::embedded();
    let title = |id: &str| controls.control(id).unwrap().title.to_lowercase();
    assert!(JAILBREAK.iter().all(|id| title(id).contains("injection")), "{JAILBREAK:?}");
    assert!(title(JAILBREAK[0]).contains("jailbreak"));
    assert!(MODEL_DRIFT.iter().all(|id| title(id).contains("drift")), "{MODEL_DRIFT:?}");
}

/// Some figures of a system; the third stands in one system alone.
fn measured((shares, all, alone): &(Vec<bool>, Vec<u64>, bool)) -> Measured {
    let mut measured = Measured::default();
    measured.share("share", "a share", shares.iter().filter(|one| **one).count(), shares.len());
    measured.times("times", "times", all.iter().copied());
    if *alone {
        measured.share("alone", "of one framework", 1, 2);
    }
    measured
}

fn systems() -> impl Strategy<Value = Vec<(Vec<bool>, Vec<u64>, bool)>> {
    let shares = prop::collection::vec(any::<bool>(), 0..6);
    prop::collection::vec((shares, prop::collection::vec(any::<u64>(), 0..6), any::<bool>()), 1..5)
}

proptest! {
    #[test]
    fn systems_put_together_are_measured_as_one_in_any_order(systems in systems()) {
        let mut whole = Measured::default();
        systems.iter().for_each(|system| whole.add(&measured(system)));
        let together = systems.iter().fold((Vec::new(), Vec::new(), false), |(mut shares, mut all, any), system| {
            shares.extend(&system.0);
            all.extend(&system.1);
            (shares, all, any || system.2)
        });
        let own = |all: &Measured| all.figures().into_iter().take(2).map(|it| it.value).collect::<Vec<_>>();
        prop_assert_eq!(own(&whole), own(&measured(&together)));
        let mut back = Measured::default();
        systems.iter().rev().for_each(|system| back.add(&measured(system)));
        let sorted = |all: &Measured| {
            let mut all = all.figures();
            all.sort_by(|a, b| a.figure.cmp(&b.figure));
            all
        };
        prop_assert_eq!(sorted(&whole), sorted(&back));
    }

    #[test]
    fn the_figures_lie_among_what_they_are_of(all in prop::collection::vec(any::<u64>(), 1..40)) {
        let (least, greatest) = (*all.iter().min().unwrap(), *all.iter().max().unwrap());
        let Value::Times { n, median_ms, mean_ms, p95_ms } = times(&all) else { panic!("times") };
        prop_assert_eq!(n, all.len() as u64);
        for value in [median_ms, mean_ms, p95_ms] {
            prop_assert!((least..=greatest).contains(&value.unwrap()));
        }
        prop_assert!(median_ms <= p95_ms && all.contains(&p95_ms.unwrap()));
        let below = all.iter().filter(|time| Some(**time) <= p95_ms).count();
        prop_assert!(below * 100 >= all.len() * 95);
    }
}
