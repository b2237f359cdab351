import { type ControlClient, createClient, type FlowClient, type JobClient, type Provider } from "jobwright/codegen/v1";
import {
  type ContactSheetInput,
  type ContactSheetOutput,
  descriptor,
  type FindPicturesInput,
  type FindPicturesOutput,
  type MailSheetInput,
  type MailSheetOutput,
  type ResizeInput,
  type ResizeOutput,
} from "./generated/index.ts";

/** The client with what workflows take: `node` of every job, and `$flow`. */
export interface PhotoJobs {
  readonly findPictures: JobClient<FindPicturesInput, FindPicturesOutput>;
  readonly resize: JobClient<ResizeInput, ResizeOutput>;
  readonly contactSheet: JobClient<ContactSheetInput, ContactSheetOutput>;
  readonly mailSheet: JobClient<MailSheetInput, MailSheetOutput>;
  readonly $flow: FlowClient;
  readonly $control: ControlClient;
}

export function createPhotoJobs(provider: Provider): Promise<PhotoJobs> {
  return createClient<PhotoJobs>(descriptor, { provider });
}
