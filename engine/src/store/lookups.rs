//! Look-ups that are asked for at the same time and made by one query: what group commit is for writing. Nothing is kept:
//! each answer is read after its question was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use async_trait::async_trait;
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant, timeout, timeout_at};

/// Questions that may wait; beyond it, whoever asks waits for a place.
const QUEUE: usize = 1024;

/// For what many ask at once when they all come back: nobody notices it, and it makes a few queries of thousands.
pub(crate) const PACE_OF_MANY: Duration = Duration::from_millis(10);

/// How long a query may take. Whoever asks next must not wait for one that will never end.
const LIMIT: Duration = Duration::from_secs(5);

/// Who can answer many questions with one query, or a few.
#[async_trait]
pub(crate) trait LookUp: Send + Sync + 'static {
    /// What is asked.
    type Question: Send + Sync + 'static;
    /// What is answered.
    type Answer: Send + 'static;

    /// An answer for each question, in their order.
    async fn look_up(&self, questions: &[Self::Question]) -> Result<Vec<Self::Answer>, DbErr>;
}

type Reply<A> = oneshot::Sender<Result<A, DbErr>>;

/// The way in to one kind of look-up. While one query is under way, further questions gather and become the next.
#[derive(Debug)]
pub(crate) struct LookUps<Q, A> {
    questions: mpsc::Sender<(Q, Reply<A>)>,
    rounds: Arc<AtomicU64>,
}

impl<Q: Send + Sync + 'static, A: Send + 'static> LookUps<Q, A> {
    /// Starts to answer, at most so many questions at a time and, unless as many wait, no sooner than `pace` after the last
    /// time: whoever asks alone does not wait, and of thousands nobody waits for longer than that. Ends with the way in. To
    /// be called within Tokio.
    pub fn start(answers: impl LookUp<Question = Q, Answer = A>, most: usize, pace: Duration) -> Self {
        let (questions, waiting) = mpsc::channel(QUEUE);
        let rounds = Arc::new(AtomicU64::new(0));
        tokio::spawn(answer_all(Arc::new(answers), most, pace, waiting, Arc::clone(&rounds)));
        Self { questions, rounds }
    }

    /// Asks.
    ///
    /// # Errors
    /// The database's, which it has in common with everybody who was asked for together.
    pub async fn ask(&self, question: Q) -> Result<A, DbErr> {
        let gone = || DbErr::Custom("nobody looks it up any more".to_owned());
        let (reply, answer) = oneshot::channel();
        self.questions.send((question, reply)).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// How many times the database has been asked.
    pub fn rounds(&self) -> u64 {
        self.rounds.load(Relaxed)
    }
}

async fn answer_all<L: LookUp>(
    answers: Arc<L>,
    most: usize,
    pace: Duration,
    mut waiting: mpsc::Receiver<(L::Question, Reply<L::Answer>)>,
    rounds: Arc<AtomicU64>,
) {
    let mut asked = Vec::with_capacity(most);
    let mut next = Instant::now();
    while waiting.recv_many(&mut asked, most).await > 0 {
        // Until it is time, or as many have come as are answered at a time. A timer is set only for what is to come: one for
        // what is past would still wait for the next millisecond.
        while Instant::now() < next && asked.len() < most {
            let room = most - asked.len();
            let more = timeout_at(next, waiting.recv_many(&mut asked, room)).await;
            if !matches!(more, Ok(1..)) {
                break;
            }
        }
        next = Instant::now() + pace;
        // Who has stopped waiting need not be answered.
        let asked = asked.drain(..).filter(|(_, reply): &(_, Reply<_>)| !reply.is_closed());
        let (questions, replies): (Vec<_>, Vec<_>) = asked.unzip();
        if questions.is_empty() {
            continue;
        }
        rounds.fetch_add(1, Relaxed);
        match look_up(Arc::clone(&answers), questions).await {
            Ok(found) => {
                for (reply, answer) in replies.into_iter().zip(found) {
                    let _ = reply.send(Ok(answer));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }
}

/// One query, on a task of its own: if it hangs or panics, only its own questions fail.
async fn look_up<L: LookUp>(answers: Arc<L>, questions: Vec<L::Question>) -> Result<Vec<L::Answer>, DbErr> {
    let failed = |why: &str| DbErr::Custom(format!("looking up many at once {why}"));
    let mut looking = tokio::spawn(async move { answers.look_up(&questions).await });
    match timeout(LIMIT, &mut looking).await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => Err(failed("panicked")),
        Err(_) => {
            looking.abort();
            Err(failed("took too long"))
        }
    }
}

/// Repeats the last one until their number is a power of two: what is looked up twice is found all the same. Each number of
/// values is another text, which the database plans and every connection of the pool keeps, a plan of hundreds of values
/// being tens of KiB.
pub(crate) fn padded<T: Clone>(mut asked: Vec<T>) -> Vec<T> {
    if let Some(last) = asked.last().cloned() {
        asked.resize(asked.len().next_power_of_two(), last);
    }
    asked
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    #[test]
    fn look_ups_have_few_sizes() {
        assert_eq!(padded(vec![1, 2, 3]), [1, 2, 3, 3]);
        assert!(padded(Vec::<u8>::new()).is_empty());
    }

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// Answers with how many were asked together, each as it is allowed to.
    struct Counting(Arc<Semaphore>);

    #[async_trait]
    impl LookUp for Counting {
        type Question = u32;
        type Answer = (u32, usize);

        async fn look_up(&self, questions: &[u32]) -> Result<Vec<(u32, usize)>, DbErr> {
            self.0.acquire().await.unwrap().forget();
            match questions.iter().find(|question| matches!(question, 13..=15)) {
                Some(13) => return Err(DbErr::Custom("unlucky".to_owned())),
                Some(14) => panic!("planted by a test"),
                Some(_) => pending().await,
                None => {}
            }
            Ok(questions.iter().map(|question| (*question, questions.len())).collect())
        }
    }

    #[tokio::test]
    async fn what_is_asked_while_a_query_is_under_way_is_one_query() {
        let turns = Arc::new(Semaphore::new(0));
        let ups = Arc::new(LookUps::start(Counting(Arc::clone(&turns)), 60, Duration::ZERO));
        let first = tokio::spawn({
            let ups = Arc::clone(&ups);
            async move { ups.ask(0).await }
        });
        while ups.rounds() == 0 {
            tokio::task::yield_now().await;
        }
        let later = join_all((101..=200).map(|question| ups.ask(question)));
        let let_them = async { turns.add_permits(3) };
        let (later, ()) = tokio::join!(later, let_them);
        assert_eq!(first.await.unwrap(), Ok((0, 1)));
        let sizes: Vec<usize> = later.iter().map(|answer| answer.as_ref().unwrap().1).collect();
        assert_eq!(sizes, [vec![60; 60], vec![40; 40]].concat(), "no more than are allowed at a time");
        assert!(later.iter().zip(101..).all(|(answer, question)| answer.as_ref().unwrap().0 == question));
        assert_eq!(ups.rounds(), 3);
    }

    #[tokio::test]
    async fn an_error_is_everybodys_who_asked_together_and_nobody_elses() {
        let turns = Arc::new(Semaphore::new(10));
        let ups = LookUps::start(Counting(turns), 2, Duration::ZERO);
        let answers = join_all([12, 13, 16].map(|question| ups.ask(question))).await;
        let failed: Vec<bool> = answers.iter().map(Result::is_err).collect();
        assert_eq!(failed, [true, true, false]);
        let _ = timeout(Duration::ZERO, ups.ask(17)).await;
        assert_eq!(ups.ask(18).await.unwrap().0, 18, "somebody who left takes nobody's answer");
    }
    #[tokio::test(start_paused = true)]
    async fn a_query_that_panics_or_never_ends_is_no_end_of_the_others() {
        let ups = LookUps::start(Counting(Arc::new(Semaphore::new(10))), 10, Duration::ZERO);
        for broken in [14, 15] {
            let began = Instant::now();
            assert!(ups.ask(broken).await.is_err());
            assert!(began.elapsed() <= LIMIT + Duration::from_millis(1), "{:?}", began.elapsed());
            assert_eq!(ups.ask(1).await, Ok((1, 1)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_pace_nobody_waits_for_a_timer() {
        let ups = LookUps::start(Counting(Arc::new(Semaphore::new(10))), 10, Duration::ZERO);
        let began = Instant::now();
        for question in 1..=5 {
            // Within a millisecond, which is the timers' grain.
            tokio::time::advance(Duration::from_micros(100)).await;
            ups.ask(question).await.unwrap();
        }
        assert_eq!(began.elapsed(), Duration::from_micros(500));
    }

    #[tokio::test(start_paused = true)]
    async fn at_a_pace_whoever_comes_alone_waits_for_nobody_and_many_are_few_queries() {
        let pace = Duration::from_millis(200);
        let ups = LookUps::start(Counting(Arc::new(Semaphore::new(1000))), 10, pace);
        let began = Instant::now();
        ups.ask(1).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        // One after the other, as they come in a storm: all that come before the time are one query.
        let (first, second) = tokio::join!(ups.ask(2), async {
            tokio::time::sleep(pace / 10).await;
            ups.ask(3).await
        });
        assert_eq!((first.unwrap(), second.unwrap()), ((2, 2), (3, 2)));
        assert_eq!(began.elapsed().as_millis(), pace.as_millis());
        join_all((101..=150).map(|question| ups.ask(question))).await;
        assert_eq!(
            began.elapsed().as_millis(),
            pace.as_millis(),
            "as many as are allowed at a time wait for nothing"
        );
    }
}
