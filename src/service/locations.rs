//! Locations: what a task reads from and writes to (reference 2.1, 2.1c, 2.1d).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Service;
use super::id_set::IdSet;
use super::message::{AgentId, LocationId, Place};
use super::pages::{List, Page};
use super::records::{Access, Location};
use super::tags::Tags;
use crate::api::responses::{
    CreateLocationResponse, DescribeLocationEfsResponse, DescribeLocationNfsResponse,
    DescribeLocationS3Response, ListLocationsResponse, LocationListEntry,
};
use crate::api::shapes::{
    CreateLocationEfsRequest, CreateLocationNfsRequest, CreateLocationS3Request, Ec2Config,
    ListLocationsRequest, OnPremConfig, S3Config, TagListEntry,
};
use crate::api::{ApiError, Response};
use crate::rules::Rules;
use crate::tree::RelPath;
use crate::volume::StorageKind;

/// 3.2 #4: clients look for "not found".
fn missing(arn: &str) -> ApiError {
    ApiError::invalid(format!("Location {arn} not found."))
}

/// 2.1c: empty and `.` components go, `..` is refused.
/// Carries out R2.1c-1, R2.1c-2.
fn subdirectory(given: Option<&str>) -> Result<RelPath, ApiError> {
    let components = given.unwrap_or_default().split('/').filter(|component| !matches!(*component, "" | "."));
    let path = components.collect::<Vec<_>>().join("/");
    RelPath::new(path.as_bytes())
        .ok_or_else(|| ApiError::invalid("Invalid parameter: Subdirectory must not have a component `..`"))
}

/// `TYPE://GLOBAL_ID/SUBDIR`, lower case, one trailing slash (2.1).
/// Carries out R2.1-10.
fn uri(scheme: &str, global_id: &str, subdirectory: &RelPath) -> String {
    let slash = if subdirectory.is_root() { "" } else { "/" };
    // A subdirectory is ASCII by its pattern.
    let path = String::from_utf8_lossy(subdirectory.as_bytes());
    format!("{scheme}://{global_id}/{path}{slash}")
}

/// The region of an ARN; empty when there is none.
fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

impl<R: Rules> Service<R> {
    /// The location of an ARN that a request names.
    pub(super) fn named_location(&self, arn: Option<&str>) -> Result<(LocationId, &Location), ApiError> {
        let arn = arn.unwrap_or_default();
        let id = self.ids.read_location(arn).ok_or_else(|| missing(arn))?;
        self.state.locations.get(&id).map(|location| (id, location)).ok_or_else(|| missing(arn))
    }

    /// Carries out R2.1-2.
    fn insert_location(
        &mut self,
        uri: String,
        place: Place,
        access: Access,
        tags: Option<&[TagListEntry]>,
    ) -> Response {
        let id = LocationId(self.state.locations.take_number());
        for agent in access.agents() {
            self.state.agents.edit(*agent, |agent| agent.locations.insert(id));
        }
        let arn = self.ids.location(id);
        let location = Location {
            arn: arn.clone(),
            uri,
            created: self.state.now,
            place,
            access,
            tags: Tags::of(tags),
            tasks: IdSet::default(),
        };
        self.state.locations.insert(id, location);
        Response::CreateLocation(CreateLocationResponse { location_arn: arn })
    }

    /// File system, subnet and security groups must be of this region (2.1d).
    /// Carries out R2.1d-1.
    pub(super) fn create_location_efs(
        &mut self,
        input: &CreateLocationEfsRequest,
    ) -> Result<Response, ApiError> {
        let subdirectory = subdirectory(input.subdirectory.as_deref())?;
        let file_system = input.efs_filesystem_arn.as_deref().unwrap_or_default();
        let config = input.ec2_config.clone().unwrap_or_default();
        let subnet_arn = config.subnet_arn.unwrap_or_default();
        let security_group_arns = config.security_group_arns.unwrap_or_default();
        let region = &self.state.config.region;
        let own = |member: &str, arn: &str| match region_of(arn) {
            named if named == region => Ok(()),
            named => Err(ApiError::invalid(format!(
                "Invalid parameter: {member} must be of Region {region}, names `{named}`"
            ))),
        };
        own("EfsFilesystemArn", file_system)?;
        own("Ec2Config.SubnetArn", &subnet_arn)?;
        for (place, group) in security_group_arns.iter().enumerate() {
            own(&format!("Ec2Config.SecurityGroupArns[{place}]"), group)?;
        }
        let (_, id) = file_system.split_once(":file-system/").unwrap_or_default();
        let uri = uri("efs", &format!("{region}.{id}"), &subdirectory);
        let place = Place { kind: StorageKind::Efs, storage: id.into(), subdirectory };
        let access = Access::Efs { subnet_arn, security_group_arns };
        Ok(self.insert_location(uri, place, access, input.tags.as_deref()))
    }

    /// Agents in any status, none twice (2.2a).
    /// Carries out R2.2a-3.
    pub(super) fn create_location_nfs(
        &mut self,
        input: &CreateLocationNfsRequest,
    ) -> Result<Response, ApiError> {
        let subdirectory = subdirectory(input.subdirectory.as_deref())?;
        let arns = input.on_prem_config.as_ref().and_then(|config| config.agent_arns.as_deref());
        let arns = arns.unwrap_or_default();
        let mut seen = BTreeSet::new();
        if let Some(place) = arns.iter().position(|arn| !seen.insert(arn)) {
            return Err(ApiError::invalid(format!(
                "Invalid parameter: OnPremConfig.AgentArns[{place}] must not repeat an agent"
            )));
        }
        let agents = arns
            .iter()
            .map(|arn| self.named_agent(Some(arn)).map(|(id, _)| id))
            .collect::<Result<Vec<AgentId>, _>>()?;
        let host = input.server_hostname.as_deref().unwrap_or_default();
        let uri = uri("nfs", host, &subdirectory);
        let place = Place { kind: StorageKind::Nfs, storage: host.to_ascii_lowercase(), subdirectory };
        Ok(self.insert_location(uri, place, Access::Nfs(agents), input.tags.as_deref()))
    }

    /// S3 ARNs have no region (2.1d), and no access test is made in the seed era (3.2 #10).
    pub(super) fn create_location_s3(
        &mut self,
        input: &CreateLocationS3Request,
    ) -> Result<Response, ApiError> {
        let subdirectory = subdirectory(input.subdirectory.as_deref())?;
        let (_, bucket) =
            input.s3_bucket_arn.as_deref().and_then(|arn| arn.split_once(":::")).unwrap_or_default();
        let role = input.s3_config.as_ref().and_then(|config| config.bucket_access_role_arn.clone());
        let uri = uri("s3", bucket, &subdirectory);
        let place = Place { kind: StorageKind::S3, storage: bucket.into(), subdirectory };
        let access = Access::S3 { role_arn: role.unwrap_or_default() };
        Ok(self.insert_location(uri, place, access, input.tags.as_deref()))
    }

    /// Shows a location to the operation of its kind; the others say what kind it is (3.2 #5).
    pub(super) fn describe_location(
        &self,
        arn: Option<&str>,
        kind: StorageKind,
    ) -> Result<Response, ApiError> {
        let (_, location) = self.named_location(arn)?;
        if location.place.kind != kind {
            return Err(ApiError::invalid(format!("Invalid Location type: {}", location.place.kind)));
        }
        let (location_arn, location_uri) = (location.arn.clone(), location.uri.clone());
        let creation_time = location.created;
        Ok(match &location.access {
            Access::Nfs(agents) => {
                let agent_arns = Some(agents.iter().map(|id| self.ids.agent(*id)).collect());
                let on_prem_config = OnPremConfig { agent_arns };
                let output =
                    DescribeLocationNfsResponse { location_arn, location_uri, on_prem_config, creation_time };
                Response::DescribeLocationNfs(output)
            }
            Access::Efs { subnet_arn, security_group_arns } => {
                let ec2_config = Ec2Config {
                    subnet_arn: Some(subnet_arn.clone()),
                    security_group_arns: Some(security_group_arns.clone()),
                };
                let output =
                    DescribeLocationEfsResponse { location_arn, location_uri, ec2_config, creation_time };
                Response::DescribeLocationEfs(output)
            }
            Access::S3 { role_arn } => {
                let s3_config = S3Config { bucket_access_role_arn: Some(role_arn.clone()) };
                let output =
                    DescribeLocationS3Response { location_arn, location_uri, s3_config, creation_time };
                Response::DescribeLocationS3(output)
            }
        })
    }

    /// Refused while a task names it (3.4a).
    pub(super) fn delete_location(&mut self, arn: Option<&str>) -> Result<Response, ApiError> {
        let (id, location) = self.named_location(arn)?;
        if !location.tasks.is_empty() {
            let tasks: Vec<String> = location.tasks.iter().map(|id| self.ids.task(*id)).collect();
            return Err(ApiError::invalid(format!(
                "Location {} is in use by these task(s): {}",
                location.arn,
                tasks.join(", ")
            )));
        }
        if let Some(location) = self.state.locations.remove(&id) {
            for agent in location.access.agents() {
                self.state.agents.edit(*agent, |agent| agent.locations.remove(&id));
            }
        }
        Ok(Response::Empty)
    }

    /// In creation order (2.1).
    pub(super) fn list_locations(&self, input: &ListLocationsRequest) -> Result<Response, ApiError> {
        let page = Page::asked(self, List::Locations, input.max_results, input.next_token.as_deref())?;
        let rest = self.state.locations.range(page.range(LocationId)).map(|(id, location)| {
            let (location_arn, location_uri) = (location.arn.clone(), location.uri.clone());
            (id.0, LocationListEntry { location_arn, location_uri })
        });
        let (locations, next_token) = page.cut(rest);
        Ok(Response::ListLocations(ListLocationsResponse { locations, next_token }))
    }
}
