//! Look-ups that are asked for at the same time and made by one query: what group commit is for writing. Nothing is kept:
//! each answer is read after its question was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use async_trait::async_trait;
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

/// Questions that may wait; beyond it, whoever asks waits for a place.
const QUEUE: usize = 1024;

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
    /// Starts to answer, at most so many questions at a time. Ends with the way in. To be called within Tokio.
    pub fn start(answers: impl LookUp<Question = Q, Answer = A>, most: usize) -> Self {
        let (questions, waiting) = mpsc::channel(QUEUE);
        let rounds = Arc::new(AtomicU64::new(0));
        tokio::spawn(answer_all(answers, most, waiting, Arc::clone(&rounds)));
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
    answers: L,
    most: usize,
    mut waiting: mpsc::Receiver<(L::Question, Reply<L::Answer>)>,
    rounds: Arc<AtomicU64>,
) {
    let mut asked = Vec::with_capacity(most);
    while waiting.recv_many(&mut asked, most).await > 0 {
        // Who has stopped waiting need not be answered.
        let asked = asked.drain(..).filter(|(_, reply): &(_, Reply<_>)| !reply.is_closed());
        let (questions, replies): (Vec<_>, Vec<_>) = asked.unzip();
        if questions.is_empty() {
            continue;
        }
        rounds.fetch_add(1, Relaxed);
        match answers.look_up(&questions).await {
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

#[cfg(test)]
mod tests {
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
            if questions.contains(&13) {
                return Err(DbErr::Custom("unlucky".to_owned()));
            }
            Ok(questions.iter().map(|question| (*question, questions.len())).collect())
        }
    }

    #[tokio::test]
    async fn what_is_asked_while_a_query_is_under_way_is_one_query() {
        let turns = Arc::new(Semaphore::new(0));
        let ups = Arc::new(LookUps::start(Counting(Arc::clone(&turns)), 60));
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
        let ups = LookUps::start(Counting(turns), 2);
        let answers = join_all([12, 13, 14].map(|question| ups.ask(question))).await;
        let failed: Vec<bool> = answers.iter().map(Result::is_err).collect();
        assert_eq!(failed, [true, true, false]);
        let _ = tokio::time::timeout(std::time::Duration::ZERO, ups.ask(15)).await;
        assert_eq!(ups.ask(16).await.unwrap().0, 16, "somebody who left takes nobody's answer");
    }
}
