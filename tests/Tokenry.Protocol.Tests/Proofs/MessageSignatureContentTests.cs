using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Protocol.Tests.Proofs;

/// <summary>What a signature is about: nothing that it covers can change unnoticed, the body through its digest.</summary>
public sealed class MessageSignatureContentTests
{
    private readonly MessageForge forge = new();

    [Fact]
    public void A_body_needs_its_digest_covered()
    {
        forge.WithBody("{}");
        Assert.Equal(MessageSignatureFault.Uncovered, forge.Judge(MessageForge.Covered + MessageForge.Parameters()));
        Assert.Equal(MessageSignatureFault.None, forge.Judge(MessageForge.CoveredWithDigest + MessageForge.Parameters()));
        forge.Fields.Remove("content-digest");
        Assert.Equal(MessageSignatureFault.MissingField, forge.Judge(MessageForge.CoveredWithDigest + MessageForge.Parameters()));
    }

    [Theory]
    [InlineData("{}", MessageSignatureFault.None)]
    [InlineData("{} ", MessageSignatureFault.WrongDigest)]
    [InlineData("", MessageSignatureFault.WrongDigest)]
    public void The_digest_is_of_the_bytes_received(string received, MessageSignatureFault fault)
    {
        forge.WithBody("{}").Body = Encoding.UTF8.GetBytes(received);
        Assert.Equal(fault, forge.Judge(MessageForge.CoveredWithDigest + MessageForge.Parameters()));
    }

    [Fact]
    public void A_digest_that_is_not_covered_beside_no_body_is_not_looked_at()
    {
        forge.Fields["content-digest"] = ["md5=:AA==:"];
        Assert.Equal(MessageSignatureFault.None, forge.Judge(MessageForge.Covered + MessageForge.Parameters()));
        Assert.Equal(MessageSignatureFault.WrongDigest, forge.Judge(MessageForge.CoveredWithDigest + MessageForge.Parameters()));
    }

    // A gateway's subrequest: the signature holds the field, and whoever has the body holds it against the field.
    [Fact]
    public void A_body_that_is_not_seen_is_left_to_whoever_sees_it()
    {
        forge.WithBody("{}").Body = null;
        var input = $"s={MessageForge.CoveredWithDigest}{MessageForge.Parameters()}";
        new MessageSignatureValidator(forge.Time).Read([input], [forge.Sign(input)], out var found);
        Assert.True(found!.Input.Covers(ContentDigest.FieldName));
        Assert.True(found.Verify(forge.Message, MessageForge.Key).IsValid);
        Assert.True(ContentDigest.Matches(forge.Fields["content-digest"], "{}"u8));
        forge.Fields["content-digest"] = [ContentDigest.Of("{ }"u8)];
        Assert.Equal(MessageSignatureFault.BadSignature, found.Verify(forge.Message, MessageForge.Key).Fault);
    }

    [Theory]
    [InlineData("( \"@method\" \"@authority\"  \"@path\" \"@query\" )")]
    [InlineData("(\"@query\" \"@path\" \"@authority\" \"@method\")")]
    public void The_base_has_the_parameters_as_they_were_received(string covered)
    {
        var value =
            $"{covered};new=?1;other=:AA==:;  created={forge.Time.GetUtcNow().ToUnixTimeSeconds()};more=a/b{MessageForge.Parameters()[19..]}";
        Assert.EndsWith($"\"@signature-params\": {value}", MessageForge.Base(forge.Message, $"s={value}"), StringComparison.Ordinal);
        Assert.Equal(MessageSignatureFault.None, forge.Judge(value));
        Assert.Equal(
            MessageSignatureFault.BadSignature,
            forge.Judge($"s={value.Replace(";  created", "; created", StringComparison.Ordinal)}", forge.Sign($"s={value}"))
        );
    }

    [Fact]
    public void One_character_changed_in_anything_covered_is_noticed()
    {
        forge.WithBody("{\"amount\":5}").Fields["x-a"] = ["one", "two"];
        var input = $"s={MessageForge.CoveredWithDigest[..^1]} \"x-a\"){MessageForge.Parameters()}";
        var signature = forge.Sign(input);
        Assert.Equal(MessageSignatureFault.None, forge.Judge(input, signature));
        string[] parts = [forge.Method, forge.Authority, forge.Target, "{\"amount\":5}", "one", "two", input, signature];
        var digest = forge.Fields["content-digest"][0]!;
        Prop.ForAll(
                Mutations([.. parts, digest]).ToArbitrary(),
                changed =>
                {
                    var other = new MessageForge
                    {
                        Method = changed[0],
                        Authority = changed[1],
                        Target = changed[2],
                        Body = Encoding.UTF8.GetBytes(changed[3]),
                    };
                    other.Fields["x-a"] = [changed[4], changed[5]];
                    other.Fields["content-digest"] = [changed[8]];
                    return other.Judge(changed[6], changed[7]) != MessageSignatureFault.None;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void No_text_makes_it_throw() =>
        Prop.ForAll<string?, string?>((input, signature) => forge.Judge(input ?? "", signature ?? "") != MessageSignatureFault.None)
            .QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_refused(char character)
    {
        var junk = Junk.Of(character);
        var input = $"s={MessageForge.Covered}{MessageForge.Parameters()}";
        Assert.Equal(MessageSignatureFault.Malformed, forge.Judge(junk, forge.Sign(input)));
        Assert.Equal(MessageSignatureFault.Malformed, forge.Judge(input + junk, forge.Sign(input)));
        Assert.Equal(MessageSignatureFault.Malformed, forge.Judge(input, junk));
    }

    // Case does not count in an authority, nor white space around a field's value: those are no changes.
    private static Gen<string[]> Mutations(string[] parts) =>
        from part in Gen.Choose(0, parts.Length - 1)
        from at in Gen.Choose(0, parts[part].Length - 1)
        from character in Gen.Choose('!', '~').Select(code => (char)code)
        where char.ToLowerInvariant(character) != char.ToLowerInvariant(parts[part][at])
        // The label alone is not covered, and must only be the same twice.
        where !(part is 6 or 7 && at == 0)
        select parts.Select((text, index) => index == part ? $"{text[..at]}{character}{text[(at + 1)..]}" : text).ToArray();
}
