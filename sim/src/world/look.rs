//! A look at everything, as a client takes it: every list page by page, each resource in it described, its tags listed.
//!
//! What nobody asks about nobody sees: a wrong name, a tag too many, an option that changed show in answers only.

use datasync::api::shapes::{
    DescribeAgentRequest, DescribeLocationEfsRequest, DescribeLocationNfsRequest, DescribeLocationS3Request,
    DescribeTaskExecutionRequest, DescribeTaskRequest, ListAgentsRequest, ListLocationsRequest,
    ListTagsForResourceRequest, ListTaskExecutionsRequest, ListTasksRequest,
};
use datasync::api::{Request, Response};
use datasync::rules::Rules;
use datasync::tree::EntryHash;

use super::World;

/// Items of a page: few, so that lists have several.
const PAGE: i64 = 2;
/// No list of a history is longer; one whose pages go in a circle is.
const PAGES_MAX: usize = 1_000;

/// What one page says: ARNs, with what else is needed to ask about them, and where the next page begins.
type Page = (Vec<(String, String)>, Option<String>);

impl<R: Rules, H: EntryHash> World<R, H> {
    /// Looks at everything once. What is refused is left; the invariants see each answer.
    pub fn look_around(&mut self, client: u64) {
        let page =
            |next_token| Request::ListAgents(ListAgentsRequest { max_results: Some(PAGE), next_token });
        for (arn, _) in self.listed(client, page, agents) {
            self.ask_about(client, &arn, |agent_arn| {
                Request::DescribeAgent(DescribeAgentRequest { agent_arn })
            });
        }
        let page =
            |next_token| Request::ListLocations(ListLocationsRequest { max_results: Some(PAGE), next_token });
        for (arn, uri) in self.listed(client, page, locations) {
            self.ask_about(client, &arn, |location_arn| match uri.split(':').next() {
                Some("nfs") => Request::DescribeLocationNfs(DescribeLocationNfsRequest { location_arn }),
                Some("efs") => Request::DescribeLocationEfs(DescribeLocationEfsRequest { location_arn }),
                _ => Request::DescribeLocationS3(DescribeLocationS3Request { location_arn }),
            });
        }
        let page = |next_token| Request::ListTasks(ListTasksRequest { max_results: Some(PAGE), next_token });
        for (arn, _) in self.listed(client, page, tasks) {
            self.ask_about(client, &arn, |task_arn| Request::DescribeTask(DescribeTaskRequest { task_arn }));
            let page = |next_token| {
                let task_arn = Some(arn.clone());
                let max_results = Some(PAGE);
                Request::ListTaskExecutions(ListTaskExecutionsRequest { task_arn, max_results, next_token })
            };
            for (execution, _) in self.listed(client, page, executions) {
                let task_execution_arn = Some(execution);
                let request = DescribeTaskExecutionRequest { task_execution_arn };
                let _ = self.ask(Request::DescribeTaskExecution(request), client);
            }
        }
    }

    /// Everything in a list.
    fn listed(
        &mut self,
        client: u64,
        request: impl Fn(Option<String>) -> Request,
        page: fn(Response) -> Option<Page>,
    ) -> Vec<(String, String)> {
        let (mut all, mut token) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let answer = self.ask(request(token), client).ok().and_then(page);
            let Some((items, next)) = answer else { break };
            all.extend(items);
            token = next;
            if token.is_none() {
                break;
            }
        }
        all
    }

    fn ask_about(&mut self, client: u64, arn: &str, describe: impl Fn(Option<String>) -> Request) {
        let _ = self.ask(describe(Some(arn.to_owned())), client);
        let resource_arn = Some(arn.to_owned());
        let tags = ListTagsForResourceRequest { resource_arn, max_results: None, next_token: None };
        let _ = self.ask(Request::ListTagsForResource(tags), client);
    }
}

fn agents(answer: Response) -> Option<Page> {
    let Response::ListAgents(page) = answer else { return None };
    Some((page.agents.into_iter().map(|row| (row.agent_arn, String::new())).collect(), page.next_token))
}

fn locations(answer: Response) -> Option<Page> {
    let Response::ListLocations(page) = answer else { return None };
    Some((
        page.locations.into_iter().map(|row| (row.location_arn, row.location_uri)).collect(),
        page.next_token,
    ))
}

fn tasks(answer: Response) -> Option<Page> {
    let Response::ListTasks(page) = answer else { return None };
    Some((page.tasks.into_iter().map(|row| (row.task_arn, String::new())).collect(), page.next_token))
}

fn executions(answer: Response) -> Option<Page> {
    let Response::ListTaskExecutions(page) = answer else { return None };
    let rows = page.task_executions.into_iter();
    Some((rows.map(|row| (row.task_execution_arn, String::new())).collect(), page.next_token))
}
